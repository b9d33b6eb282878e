import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { StepGraph } from "../../../src/graph/graph.ts"
import { runGraph } from "../../../src/graph/run.ts"
import { Catalog, type CatalogOptions } from "../../../src/keystone/catalog.ts"
import type { ServiceDomain } from "../../../src/keystone/domain.ts"
import { type CatalogDefinition, ownDescription } from "../../../src/keystone/entry.ts"
import { KeystoneSession } from "../../../src/keystone/session.ts"
import { catalogLeftoversStep, catalogStep, foundationStep } from "../../../src/keystone/steps.ts"
import type { ServiceUser } from "../../../src/keystone/user.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { Secret } from "../../../src/util/secret.ts"
import { type KeystoneWorld, startKeystone } from "./world.ts"

let world: KeystoneWorld
let admin: KeystoneSession
const minutes = 60_000
const signal = () => AbortSignal.timeout(2 * minutes)

/** What went to Keystone, in order. */
const requests: string[] = []
const counting: typeof fetch = (input, init) => {
  requests.push(`${init?.method} ${String(input).replace(world.url, "")}`)
  return fetch(input, init)
}

beforeAll(async () => {
  world = await startKeystone(`bifrost-keystone-${process.pid}`)
  admin = new KeystoneSession({ url: world.url, password: world.password, clock })
}, 15 * minutes)
afterAll(() => world?.stop(), minutes)
beforeEach(() => void requests.splice(0))

interface Wanted {
  readonly entries: readonly CatalogDefinition[]
  readonly user: ServiceUser
  readonly domain?: ServiceDomain
}

const service = (type: string, name: string, port: number): Wanted => ({
  entries: [{ type, name, description: `OpenStack ${name}`, endpoints: endpoints(port) }],
  user: { name, password: new Secret(`${name}-password`) },
})
const endpoints = (port: number, host = "192.0.2.11") => ({
  public: `http://${host}:${port}`,
  internal: `http://${host}:${port}`,
})

const site: Readonly<Record<string, Wanted>> = {
  glance: service("image", "glance", 9292),
  placement: service("placement", "placement", 8780),
  nova: service("compute", "nova", 8774),
  neutron: service("network", "neutron", 9696),
  cinder: service("block-storage", "cinder", 8776),
  heat: service("orchestration", "heat", 8004),
  swift: service("object-store", "swift", 8080),
  barbican: service("key-manager", "barbican", 9311),
}

interface More extends Partial<CatalogOptions> {
  /** Whether what other services left goes. */
  readonly leftovers?: true
}

async function converge(services = site, more: More = {}) {
  const { url, password, region } = world
  const markKey = new Secret("mark")
  const catalog = new Catalog({ url, password, clock, region, markKey, dryRun: false, fetch: counting, ...more })
  const users = Object.values(services).map(({ user }) => user)
  const entries = Object.values(services).flatMap((wanted) => wanted.entries)
  const graph = new StepGraph([
    foundationStep({ id: "site/identity", after: [], catalog, users, roles: [] }),
    ...(more.leftovers ? [catalogLeftoversStep({ id: "site/leftovers", after: [], catalog, entries })] : []),
    ...Object.entries(services).map(([name, wanted]) =>
      catalogStep({ id: `site/catalog/${name}`, after: ["site/identity"], catalog, ...wanted }),
    ),
  ])
  const { steps } = await runGraph(graph, { clock, signal: signal(), dryRun: more.dryRun ?? false })
  const changes = steps.flatMap((step) => step.changes)
  const described = changes.map(({ action, target, reason }) => `${action} ${target}${reason ? `: ${reason}` : ""}`)
  return { changes: described, errors: steps.flatMap(({ error }) => (error === undefined ? [] : [error])), steps }
}

const only = (name: string, change: (wanted: Wanted) => Wanted) => ({ ...site, [name]: change(site[name]!) })
const ask = async (path: string) => (await admin.request("GET", path, signal())) as Record<string, Entry[]>
type Entry = Readonly<Record<string, string>>
const idOf = async (kind: string, name: string) =>
  (await ask(`/v3/${kind}`))[kind]!.find((each) => each["name"] === name)!["id"]!

describe("a catalog", () => {
  it("is planned in whole while there is no Keystone, and that is said", async () => {
    const { changes, errors } = await converge(site, { dryRun: true, url: "http://127.0.0.1:9", fetch })
    expect(errors).toEqual([])
    expect(changes).toContain("create endpoint public image http://192.0.2.11:9292: Keystone does not answer yet")
    expect(changes).toContain("create user glance: Keystone does not answer yet")
    expect(changes.some((change) => change.includes("role admin:"))).toBe(false)
  })

  it("is made from nothing", async () => {
    const planned = await converge(site, { dryRun: true })
    expect(requests.filter((request) => !request.startsWith("GET"))).toEqual(["POST /v3/auth/tokens"])
    const { changes, errors } = await converge()
    expect(errors).toEqual([])
    expect(changes.toSorted()).toEqual(planned.changes.toSorted())
    expect(changes).toContain("create project service")
    expect(changes).toContain("create service image glance")
    expect(changes).toContain("create endpoint public image http://192.0.2.11:9292")
    expect(changes).toContain("create role admin of user glance in project service")
    expect(changes).toContain("create role service of user glance in project service")
    const questions = requests.filter((request) => request.startsWith("GET /v3/")).length
    console.log(`${requests.length} requests, ${questions} of them questions`)
    expect(await admin.accepts(site["glance"]!.user, signal())).toBe(true)
  })

  it("needs nothing the second time: one login, one question for each list, however many services", async () => {
    const { changes, errors } = await converge()
    expect({ changes, errors }).toEqual({ changes: [], errors: [] })
    expect(requests.map((request) => request.replace(/\?.*/, "")).toSorted()).toEqual([
      "GET /v3/domains",
      "GET /v3/endpoints",
      "GET /v3/projects",
      "GET /v3/regions",
      "GET /v3/role_assignments",
      "GET /v3/roles",
      "GET /v3/services",
      "GET /v3/users",
      "POST /v3/auth/tokens",
    ])
  })

  it("follows a URL by updates alone", async () => {
    const moved = only("glance", (glance) => ({
      ...glance,
      entries: [{ ...glance.entries[0]!, endpoints: endpoints(9292, "192.0.2.99") }],
    }))
    const expected = ["public", "internal"].map(
      (side) => `update endpoint ${side} image: http://192.0.2.11:9292 → http://192.0.2.99:9292`,
    )
    expect(await converge(moved)).toMatchObject({ changes: expected, errors: [] })
    expect((await converge()).changes).toHaveLength(2)
  })

  it("drops an endpoint of its own that is no longer wanted, or is there twice", async () => {
    const service_id = await idOf("services", "glance")
    const endpoint = { service_id, interface: "public", region_id: world.region, url: "http://192.0.2.7:9292" }
    await admin.request("POST", "/v3/endpoints", signal(), { endpoint: { ...endpoint, description: ownDescription } })
    const admins = { ...endpoint, interface: "admin", description: ownDescription }
    await admin.request("POST", "/v3/endpoints", signal(), { endpoint: admins })
    const { changes } = await converge()
    expect(changes).toEqual([
      "remove endpoint public image http://192.0.2.7:9292",
      "remove endpoint admin image http://192.0.2.7:9292",
    ])
  })

  it("loses the endpoints of a service that the site no longer has", async () => {
    const { barbican, ...rest } = site
    const gone = { barbican: barbican! }
    expect((await converge(rest, { leftovers: true })).changes.toSorted()).toEqual([
      "remove endpoint internal key-manager http://192.0.2.11:9311",
      "remove endpoint public key-manager http://192.0.2.11:9311",
    ])
    expect((await converge(gone)).changes).toEqual([
      "create endpoint public key-manager http://192.0.2.11:9311",
      "create endpoint internal key-manager http://192.0.2.11:9311",
    ])
  })

  it("repairs what was disabled", async () => {
    const id = await idOf("users", "nova")
    await admin.request("PATCH", `/v3/users/${id}`, signal(), { user: { enabled: false } })
    const service_id = await idOf("services", "nova")
    await admin.request("PATCH", `/v3/services/${service_id}`, signal(), { service: { enabled: false } })
    expect((await converge()).changes).toEqual([
      "update service compute nova: it is disabled",
      "update user nova: it is disabled",
    ])
    expect((await converge()).changes).toEqual([])
  })
})

describe("what others made", () => {
  it("is left alone: services, endpoints beside ours and in other regions, users", async () => {
    const created = async (kind: string, one: string, body: object) =>
      ((await admin.request("POST", `/v3/${kind}`, signal(), { [one]: body })) as Record<string, Entry>)[one]!["id"]!
    await created("regions", "region", { id: "elsewhere" })
    const theirs = await created("services", "service", { type: "image", name: "their-glance" })
    const ours = await idOf("services", "glance")
    for (const [service_id, region_id] of [
      [theirs, world.region],
      [ours, world.region],
      [ours, "elsewhere"],
    ]) {
      const endpoint = { service_id, region_id, interface: "public", url: "http://198.51.100.1" }
      await created("endpoints", "endpoint", endpoint)
    }
    await created("users", "user", { name: "someone", domain_id: "default", password: "theirs" })
    const before = await Promise.all(["/v3/services", "/v3/endpoints", "/v3/users"].map(ask))
    expect((await converge()).changes).toEqual([])
    const moved = only("glance", (glance) => ({
      ...glance,
      entries: [{ ...glance.entries[0]!, endpoints: endpoints(9292, "192.0.2.99") }],
    }))
    await converge(moved)
    await converge()
    expect(await Promise.all(["/v3/services", "/v3/endpoints", "/v3/users"].map(ask))).toEqual(before)
  })

  it("is taken over where it is a service of ours, registered by another tool", async () => {
    const { service } = (await admin.request("POST", "/v3/services", signal(), {
      service: { type: "dns", name: "designate", description: "OpenStack designate" },
    })) as { service: Entry }
    const endpoint = { service_id: service["id"], region_id: world.region }
    for (const [side, url] of [
      ["public", "http://192.0.2.11:9001"],
      ["internal", "http://192.0.2.250:9001"],
    ]) {
      await admin.request("POST", "/v3/endpoints", signal(), { endpoint: { ...endpoint, interface: side, url } })
    }
    const user = { name: "designate", domain_id: "default", password: "designate-password" }
    await admin.request("POST", "/v3/users", signal(), { user })
    const wanted = { designate: service_of("dns", "designate", 9001) }
    expect((await converge(wanted)).changes).toEqual([
      "update endpoint public dns: taken over",
      "update endpoint internal dns: http://192.0.2.250:9001 → http://192.0.2.11:9001, taken over",
      "update user designate: taken over, it has this password",
      "create role admin of user designate in project service",
      "create role service of user designate in project service",
    ])
    expect((await converge(wanted)).changes).toEqual([])
  })
  const service_of = service
})

describe("a user's password", () => {
  it("is changed when it is another, and only then", async () => {
    const password = new Secret("rotated")
    const rotated = only("glance", (glance) => ({ ...glance, user: { ...glance.user, password } }))
    expect((await converge(rotated)).changes).toEqual(["update password of user glance: it is another"])
    expect(await admin.accepts({ name: "glance", password }, signal())).toBe(true)
    expect((await converge(rotated)).changes).toEqual([])
    await converge()
    expect(await admin.accepts({ name: "glance", password }, signal())).toBe(false)
  })

  it("is proved by a login where the mark was made by another key", async () => {
    const { changes } = await converge({ glance: site["glance"]! }, { markKey: new Secret("another") })
    expect(changes).toEqual(["update user glance: taken over, it has this password"])
    await converge()
  })
})

describe("a domain of a service's own", () => {
  const domain = (password: string) => ({
    name: "heat_user_domain",
    description: "Users that stacks make",
    admin: { name: "heat_domain_admin", password: new Secret(password) },
  })
  const withDomain = (password: string) =>
    converge(
      only("heat", (wanted) => ({ ...wanted, domain: domain(password) })),
      { domains: ["heat_user_domain"] },
    )

  it("is made with its administrator, who has no rights elsewhere", async () => {
    expect((await withDomain("domain-admin")).changes).toEqual([
      "create domain heat_user_domain",
      "create user heat_domain_admin",
      "create role admin of user heat_domain_admin in domain heat_user_domain",
    ])
    expect(await withDomain("domain-admin")).toMatchObject({ changes: [], errors: [] })
    const { users } = await ask("/v3/users?name=heat_domain_admin")
    const { role_assignments } = await ask(`/v3/role_assignments?user.id=${users![0]!["id"]}`)
    expect(role_assignments).toHaveLength(1)
    expect((await withDomain("another")).changes).toEqual(["update password of user heat_domain_admin: it is another"])
    expect((await withDomain("another")).changes).toEqual([])
  })
})

describe("trouble", () => {
  it("a token that is no longer taken is replaced by another", async () => {
    let first = true
    const revokingFirst: typeof fetch = async (input, init) => {
      const token = new Headers(init?.headers).get("x-auth-token")
      if (token && first) {
        first = false
        const headers = { "x-auth-token": token, "x-subject-token": token }
        await fetch(`${world.url}/v3/auth/tokens`, { method: "DELETE", headers })
      }
      return counting(input, init)
    }
    const { url, password } = world
    const session = new KeystoneSession({ url, password, clock, fetch: revokingFirst })
    await expect(session.request("GET", "/v3/regions", signal())).resolves.toHaveProperty("regions")
    const [login, question] = ["POST /v3/auth/tokens", "GET /v3/regions"]
    expect(requests).toEqual([login, question, login, question])
  })

  it("a wrong password of the administrator is told, and no password with it", async () => {
    const password = new Secret("not-the-password")
    const { errors, steps } = await converge(site, { password })
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ code: "KEYSTONE_LOGIN_REFUSED" })
    expect(String(errors[0])).toContain(world.url)
    expect(String(errors[0])).not.toContain("not-the-password")
    expect(steps.filter(({ status }) => status === "skipped")).toHaveLength(8)
    const planned = await converge(site, { password, dryRun: true })
    expect(planned.errors).toEqual([])
    expect(planned.changes[0]).toMatch(/Keystone does not let the administrator in yet$/)
  })

  it("a refusal carries Keystone's words and what was asked, secrets masked", async () => {
    const password = new Secret("x".repeat(5000))
    const bad = only("glance", (glance) => ({
      entries: [{ ...glance.entries[0]!, endpoints: { public: "" } }],
      user: { ...glance.user, password },
    }))
    const { errors } = await converge(bad)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ code: "KEYSTONE_REFUSED" })
    expect(String(errors[0])).toMatch(/PATCH http\S+\/v3\/(endpoints|users)\/\w+: HTTP 400 .+/)
    expect(String(errors[0])).not.toContain("xxxx")
    expect((await converge()).errors).toEqual([])
  })

  it("a Keystone that is down is waited for, then told of", async () => {
    await world.keystone.kill()
    const down = await converge(site, { patienceMs: 2_000 })
    expect(down.errors).toHaveLength(1)
    expect(down.errors[0]).toMatchObject({ code: "KEYSTONE_UNREACHABLE" })
    expect(String(down.errors[0])).toMatch(/POST http\S+\/v3\/auth\/tokens: .*ECONNREFUSED.*, for 2 s/)
    const patient = converge()
    await world.keystone.start()
    expect(await patient).toMatchObject({ changes: [], errors: [] })
  })
})
