import { describe, expect, it } from "vitest"
import { changeWords } from "../../../src/graph/step.ts"
import { type CatalogDefinition, entryOperations, ownDescription } from "../../../src/keystone/entry.ts"
import { foundationOperations } from "../../../src/keystone/foundation.ts"
import type { Endpoint, Records } from "../../../src/keystone/records.ts"
import { passwordMark, userOperations } from "../../../src/keystone/user.ts"
import { Secret } from "../../../src/util/secret.ts"

const empty: Records = {
  regions: [],
  services: [],
  endpoints: [],
  users: [],
  roles: [],
  projects: [],
  assignments: [],
  domains: [],
  domainAdmins: [],
  domainAssignments: [],
}
const image: CatalogDefinition = { type: "image", name: "glance", endpoints: { public: "http://192.0.2.11:9292" } }
const services = [{ id: "g", type: "image", name: "glance", enabled: true }]
const endpoint = (id: string, host: string, more: Partial<Endpoint> = {}): Endpoint => ({
  id,
  service_id: "g",
  region_id: "RegionOne",
  interface: "public",
  url: `http://${host}:9292`,
  enabled: true,
  description: ownDescription,
  ...more,
})
const foreign = { description: null }

describe("an entry of the catalog", () => {
  const changes = (endpoints: readonly Endpoint[]) =>
    entryOperations({ ...empty, services, endpoints }, image, "RegionOne").map(
      ({ change, request }) => `${changeWords(change)} ${request?.method} ${request?.path}`,
    )

  it("waits with endpoints until the service is there", () => {
    const operations = entryOperations(empty, image, "RegionOne")
    expect(operations.map(({ change, request }) => [changeWords(change), request?.path])).toEqual([
      ["create service image glance", "/v3/services"],
      ["create endpoint public image http://192.0.2.11:9292", undefined],
    ])
  })

  it("is left alone when it is right", () => {
    expect(changes([endpoint("a", "192.0.2.11")])).toEqual([])
    expect(changes([endpoint("a", "192.0.2.11"), endpoint("b", "192.0.2.9", foreign)])).toEqual([])
  })

  it("keeps the endpoint of ours that has the URL, and drops the others of ours after that", () => {
    expect(changes([endpoint("a", "192.0.2.7"), endpoint("b", "192.0.2.11", { enabled: false })])).toEqual([
      "update endpoint public image (it is disabled) PATCH /v3/endpoints/b",
      "remove endpoint public image http://192.0.2.7:9292 DELETE /v3/endpoints/a",
    ])
  })

  it("moves an endpoint of ours, and never one of others beside it", () => {
    expect(changes([endpoint("a", "192.0.2.9", foreign), endpoint("b", "192.0.2.7")])).toEqual([
      "update endpoint public image (http://192.0.2.7:9292 → http://192.0.2.11:9292) PATCH /v3/endpoints/b",
    ])
  })

  it("takes another's endpoint over where none is ours", () => {
    expect(changes([endpoint("a", "192.0.2.9", foreign)])).toEqual([
      "update endpoint public image (http://192.0.2.9:9292 → http://192.0.2.11:9292, taken over) PATCH /v3/endpoints/a",
    ])
  })

  it("does not look at other regions and services", () => {
    const elsewhere = [
      endpoint("a", "192.0.2.9", { region_id: "elsewhere" }),
      endpoint("b", "x", { service_id: "other" }),
    ]
    expect(changes(elsewhere)).toEqual(["create endpoint public image http://192.0.2.11:9292 POST /v3/endpoints"])
  })
})

describe("a user", () => {
  const user = { name: "glance", password: new Secret("hunter2") }
  const key = new Secret("key")
  const mark = passwordMark(user, key)
  const project = { id: "p", name: "service" }
  const roles = ["admin", "service"].map((name) => ({ id: `id of ${name}`, name }))
  const known = { id: "u", name: "glance", enabled: true, bifrost_ts_password: mark }
  const assignments = roles.map(({ id }) => ({ role: { id }, user: { id: "u" } }))
  const whole: Records = { ...empty, roles, projects: [project], users: [known], assignments }

  it("has what it should have", () => {
    expect(userOperations(whole, { user, mark, accepted: false })).toEqual([])
  })

  it("gets the role that it lacks", () => {
    const [first] = assignments
    const [operation] = userOperations({ ...whole, assignments: [first!] }, { user, mark, accepted: false })
    expect(operation!.request).toEqual({ method: "PUT", path: "/v3/projects/p/users/u/roles/id of service" })
  })

  it("gets a password only when Keystone does not take the one that it should have", () => {
    const users = [{ ...known, bifrost_ts_password: passwordMark(user, new Secret("another")) }]
    const changes = (accepted: boolean) =>
      userOperations({ ...whole, users }, { user, mark, accepted }).map(({ change, request }) => [
        changeWords(change),
        Object.keys((request!.body as { user: object }).user),
      ])
    expect(changes(false)).toEqual([
      ["update password of user glance (it is another)", ["password", "bifrost_ts_password"]],
    ])
    expect(changes(true)).toEqual([["update user glance (taken over, it has this password)", ["bifrost_ts_password"]]])
  })

  it("shows a fingerprint that depends on name, password and key", () => {
    const others = [
      passwordMark({ ...user, name: "nova" }, key),
      passwordMark({ ...user, password: new Secret("hunter3") }, key),
      passwordMark(user, new Secret("another")),
    ]
    expect(new Set([mark, ...others]).size).toBe(4)
    expect(mark).toMatch(/^[0-9a-f]{64}$/)
  })
})

it("what all stand on is made where it is missing", () => {
  const wanted = { region: "RegionOne", roles: ["admin", "service"] }
  const words = (seen: Records) => foundationOperations(seen, wanted).map(({ change }) => changeWords(change))
  expect(words({ ...empty, roles: [{ id: "1", name: "admin" }] })).toEqual([
    "create region RegionOne",
    "create project service",
    "create role service",
  ])
  const regions = [{ id: "RegionOne" }]
  const roles = wanted.roles.map((name) => ({ id: name, name }))
  expect(words({ ...empty, regions, roles, projects: [{ id: "p", name: "service" }] })).toEqual([])
})
