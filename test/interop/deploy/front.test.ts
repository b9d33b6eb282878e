import { afterAll, beforeAll, describe, expect, it } from "vitest"
import loadbalancer from "../../../services/loadbalancer/service.ts"
import valkey from "../../../services/valkey/service.ts"
import { vipChecks } from "../../../src/deploy/checks/vips.ts"
import { execIn } from "../../../src/deploy/engine.ts"
import { deployHost } from "../../../src/deploy/host.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import type { ContainerDefinition } from "../../../src/deploy/service.ts"
import type { SiteConfig } from "../../../src/deploy/site.ts"
import type { HostTransport } from "../../../src/transport/port.ts"
import { sshTransport } from "../../../src/transport/ssh.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { run } from "../../../src/util/run.ts"
import { Secret } from "../../../src/util/secret.ts"
import { eventsSince } from "./events.ts"
import { services } from "./services.ts"
import { changes, clientOf, startSite, type TestSite, verbsOf } from "./site.ts"

let site: TestSite
const on: Record<string, HostTransport> = {}
const minutes = 60_000

/** Services know the internal address by a name that only hosts' own files have. */
const name = "api.front.test"

/**
 * Two control hosts in two networks, with a virtual address in each, both under HTTPS. They know each other by IPv6, as do
 * services the internal address; users come by IPv4.
 */
beforeAll(async () => {
  site = await startSite(`bifrost-front-${process.pid}`, {
    services: [...services, loadbalancer, valkey],
    ...{ hosts: 2, networks: 2, family: 6 },
    file: ([, external], [internal]) => ({
      internal_vip_address: `${internal}250`,
      internal_fqdn: name,
      external_vip_address: `${external}.250`,
      valkey: true,
      tls: { internal: true, external: true },
      networks: { external: { cidr: `${external}.0/24` } },
    }),
  })
  for (const host of site.request.inventory.hosts) on[host.name] = sshTransport(host, site.hosts.privateKey, clock)
}, 10 * minutes)

afterAll(async () => {
  for (const transport of Object.values(on)) transport.close()
  await site?.stop()
}, 2 * minutes)

const { signal, deploy, plan } = verbsOf(() => site)

const openstack = clientOf(() => site)
const token = () => openstack("token", "issue", "-f", "value", "-c", "id")

/** The hosts that have both virtual addresses; a host with one of them is a fault of its own. */
async function holders(): Promise<string[]> {
  const { internal_vip_address: internal, external_vip_address: external } = site.request.site
  const names = site.request.inventory.hosts.map(({ name }) => name)
  const shown = await Promise.all(names.map((name) => site.hosts.exec(name, "ip -oneline address show")))
  const has = (vip: string | undefined) => names.filter((_, index) => shown[index]!.includes(` ${vip}/`))
  expect(has(external)).toEqual(has(internal))
  return has(internal)
}

/** What a program in a container says, run as root. */
async function inside(host: string, container: string, command: readonly string[], input = ""): Promise<string> {
  const options = { user: "root", input, signal: signal() }
  const { code, stdout, stderr } = await execIn(on[host]!.engine, container, command, options)
  expect([code, stderr]).toEqual([0, ""])
  return stdout
}

async function vipFindings(more: Partial<SiteConfig> = {}) {
  const config = { ...site.request.site, ...more }
  const placement = new Placement(site.request.services, site.request.inventory, config)
  const hosts = new Map(
    site.request.inventory.hosts.map((entry) => [entry.name, deployHost(entry, on[entry.name]!, clock)]),
  )
  return vipChecks({ placement, hosts, site: config, signal: signal() })
}

describe("virtual addresses", () => {
  it("are told of beforehand when they would be where nobody looks for them, or are someone's", async () => {
    const { gateway, networks } = site.hosts
    expect((await vipFindings()).filter(({ status }) => status !== "ok")).toEqual([])
    const [wrong] = await vipFindings({ internal_vip_address: `${networks[1]}.250` })
    expect(wrong).toMatchObject({ host: "host1", check: "vip internal", status: "failed" })
    expect(wrong!.detail).toMatch(/would be on eth0, which is in \S+\/24, \S+\/64$/)
    const taken = await vipFindings({ internal_vip_address: gateway })
    const free = taken.find(({ check }) => check === "vip internal free")!
    expect(free).toMatchObject({ status: "failed", detail: expect.stringContaining(`someone has ${gateway} already`) })
  })
})

describe("the APIs behind virtual addresses", () => {
  it("are laid down on both hosts, and the real client gets a token at the external address", async () => {
    const result = await deploy()
    expect(result.failed).toEqual([])
    console.log(`deployed in ${result.seconds} s:`, result.criticalPath)
    expect(result.endpoints["keystone"]).toBe(`https://${site.hosts.networks[1]}.250:5000`)
    expect(await token()).toMatch(/^gAAAA/)
    expect(await openstack("endpoint", "list", "-f", "value", "-c", "URL", "--interface", "internal")).toBe(
      `https://${name}:5000`,
    )
    expect(await holders()).toHaveLength(1)
  })

  it("are one plan: nothing is left to do", async () => {
    const result = await plan()
    expect([result.failed, result.planned]).toEqual([[], []])
  })

  it("are trusted by services, by the strictest of rules, and keys lie there for root alone", async () => {
    const ask = `import ssl, urllib.request as r; c = ssl.create_default_context(); c.verify_flags |= ssl.VERIFY_X509_STRICT; print(r.urlopen("https://${name}:5000/v3", context=c).status)`
    expect(await inside("host2", "keystone", ["python3", "-c", ask])).toBe("200\n")
    const modes = "stat -c '%a %U' /etc/kolla/haproxy/haproxy.pem /etc/kolla/haproxy/haproxy-internal.pem"
    expect(await site.hosts.exec("host1", modes)).toBe("600 root\n600 root\n")
    const refused = await run("curl", ["-sS", `https://${site.hosts.networks[1]}.250:5000/v3`], { accept: [60] })
    expect(refused.code).toBe(60)
  })

  it("get another certificate without showing a key", async () => {
    const { external } = site.request.certificates!
    const pem = new Secret(`${external!.pem.reveal().trimEnd()}\n\n`)
    const certificates = { ...site.request.certificates, external: { ...external!, pem } }
    const result = await plan({ certificates })
    expect(changes(result).toSorted()).toEqual(
      ["recreate container haproxy", "update file /etc/kolla/haproxy/haproxy.pem"]
        .flatMap((each) => [each, each])
        .toSorted(),
    )
    const key = /PRIVATE KEY-----\n(.+)\n/.exec(pem.reveal())![1]!
    expect(JSON.stringify(result)).not.toContain(key)
  })

  it("are balanced over both hosts", async () => {
    await Promise.all([token(), token()])
    const [first, second] = await sessions((await holders())[0]!)
    expect(first).toBeGreaterThan(0)
    expect(second).toBeGreaterThan(0)
  })
})

/** How many requests HAProxy has given to each host's Keystone, by its own count on the socket. */
async function sessions(host: string): Promise<number[]> {
  const ask = `import socket; s = socket.socket(socket.AF_UNIX); s.connect("/var/lib/kolla/haproxy/haproxy.sock"); s.sendall(b"show stat\\n"); print(s.makefile().read())`
  const csv = (await inside(host, "haproxy", ["python3", "-c", ask])).trim().split("\n")
  const rows = csv.map((line) => line.replace(/^# /, "").split(","))
  const column = rows[0]!.indexOf("stot")
  return rows
    .filter(([front, server]) => front === "keystone" && /^host/.test(server!))
    .map((row) => Number(row[column]))
}

/** What a Valkey program says, logged in as a service would. */
async function valkeySays(host: string, container: string, port: number, words: string): Promise<string> {
  const password = (await site.store.secrets.get("site", "valkey_master_password"))!.reveal()
  const { address } = site.request.inventory.hosts.find(({ name: each }) => each === host)!
  const asked = `AUTH ${password}\n${words}\n`
  const said = await inside(host, container, ["valkey-cli", "-h", address, "-p", String(port)], asked)
  return said.replace(/^OK\n/, "").trim()
}

describe("a host that no longer answers", () => {
  const hosts = ["host1", "host2"]
  let holder: string | undefined
  let other: string | undefined

  it("is not missed by Valkey: what was written on one is read on the other, and both Sentinels know of each other", async () => {
    expect(await valkeySays("host1", "valkey", 6379, "set lock mine")).toBe("OK")
    await expect.poll(() => valkeySays("host2", "valkey", 6379, "get lock")).toBe("mine")
    const quorum = () => valkeySays("host2", "valkey_sentinel", 26_379, "sentinel ckquorum kolla")
    await expect.poll(quorum, { timeout: 20_000 }).toMatch(/^OK 2 usable Sentinels/)
  })

  it("loses the addresses when its HAProxy ends, and the client gets a token from the other", async () => {
    ;[holder] = await holders()
    other = hosts.find((host) => host !== holder)
    for (const name of ["haproxy", "memcached", "keystone"]) await on[holder!]!.engine.getContainer(name).stop({ t: 5 })
    await expect.poll(holders, { timeout: 30_000, interval: 500 }).toEqual([other])
    expect(await token()).toMatch(/^gAAAA/)
  })

  it("does not take them back when it has been mended", async () => {
    const result = await deploy()
    expect(result.failed).toEqual([])
    expect(changes(result).toSorted()).toEqual([
      "start container haproxy",
      "start container keystone",
      "start container memcached",
    ])
    expect(await holders()).toEqual([other])
  })

  it("does not keep them beside the other when its keepalived was killed without a word", async () => {
    const keepalived = on[other!]!.engine.getContainer("keepalived")
    const { State: before } = await keepalived.inspect()
    await site.hosts.exec(other!, "pkill -KILL keepalived")
    // The engine starts it again; what its former life has left on the interfaces is not to stay there.
    const started = async () => (await keepalived.inspect()).State.StartedAt
    await expect.poll(started, { timeout: 20_000 }).not.toBe(before.StartedAt)
    await expect.poll(holders, { timeout: 30_000, interval: 500 }).toHaveLength(1)
    expect(await token()).toMatch(/^gAAAA/)
    expect((await plan()).failed).toEqual([])
  })
})

describe("a change to Keystone", () => {
  const changed = (change: (unit: ContainerDefinition) => Partial<ContainerDefinition>) =>
    site.request.services.map((service) => ({
      ...service,
      containers: service.containers.map((unit) => (unit.name === "keystone" ? { ...unit, ...change(unit) } : unit)),
    }))
  const ids = async (host: string) =>
    (await on[host]!.engine.listContainers({ all: true })).map(({ Id }) => Id).toSorted()

  it("touches one host when it is limited to that, and is left to be done on the other", async () => {
    const marked = changed(() => ({ environment: () => ({ MARK: "1" }) }))
    const before = await ids("host1")
    const result = await deploy({ services: marked, scope: { hosts: ["host2"] } })
    expect(result.failed).toEqual([])
    const change = { action: "recreate", target: "container keystone", reason: "environment" }
    expect(result.planned).toEqual([{ step: "host2/container/keystone", ...change }])
    expect(await ids("host1")).toEqual(before)
    const { planned } = await plan({ services: marked })
    expect(planned).toEqual([{ step: "host1/container/keystone", ...change }])
  })

  it("ends Keystone on the second host only when its successor on the first is healthy", async () => {
    const since = Math.floor(clock.now() / 1000)
    const mounted = changed(({ volumes = [] }) => ({ volumes: [...volumes, "/etc/hostname:/srv/mark:ro"] }))
    const result = await deploy({ services: mounted })
    expect(result.failed).toEqual([])
    expect(result.planned.map(({ step, reason }) => `${step} ${reason}`).toSorted()).toEqual([
      "host1/container/keystone mounts",
      "host2/container/keystone environment, mounts",
    ])
    const away = await Promise.all(["host1", "host2"].map((host) => keystoneAway(host, since)))
    const [first, second] = away.toSorted((a, b) => a.from - b.from)
    expect(second!.from).toBeGreaterThan(first!.to)
  })
})

/** From when until when a host had no healthy Keystone, by its engine's events: its end, and its successor's first good answer. */
async function keystoneAway(host: string, since: number): Promise<{ from: number; to: number }> {
  const { engine } = on[host]!
  const successor = (await engine.getContainer("keystone").inspect()).Id
  const events = await eventsSince(engine, since, Math.floor(clock.now() / 1000))
  const named = events.filter(({ Actor }) => /^keystone(-old)?$/.test(Actor.Attributes["name"] ?? ""))
  const end = named.find(({ Action, Actor }) => Action === "die" && Actor.ID !== successor)
  const isGood = ({ exitCode }: Readonly<Record<string, string>>) => exitCode === "0"
  const answer = named.find(
    ({ Action, Actor }) => Action === "exec_die" && Actor.ID === successor && isGood(Actor.Attributes),
  )
  return { from: end!.timeNano, to: answer!.timeNano }
}
