import { afterAll, beforeAll, describe, expect, it } from "vitest"
import loadbalancer from "../../../services/loadbalancer/service.ts"
import mariadb from "../../../services/mariadb/service.ts"
import rabbitmq from "../../../services/rabbitmq/service.ts"
import { execIn } from "../../../src/deploy/engine.ts"
import type { ServiceDefinition } from "../../../src/deploy/service.ts"
import type { HostTransport } from "../../../src/transport/port.ts"
import { sshTransport } from "../../../src/transport/ssh.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { changes, startSite, type TestSite, verbsOf } from "./site.ts"

let site: TestSite
const on: Record<string, HostTransport> = {}
const minutes = 60_000
const hosts = ["host1", "host2", "host3"]

/** Somebody who has a database, and nothing else. */
const app: ServiceDefinition = {
  ...{ name: "app", summary: "a database", group: "control", containers: [] },
  secrets: { app_database_password: "password" },
  databases: [{ name: "app", password: "app_database_password" }],
}

beforeAll(async () => {
  site = await startSite(`bifrost-cluster-${process.pid}`, {
    services: [mariadb, rabbitmq, loadbalancer, app],
    hosts: hosts.length,
    file: ([network]) => ({ internal_vip_address: `${network}.250` }),
  })
  for (const host of site.request.inventory.hosts) on[host.name] = sshTransport(host, site.hosts.privateKey, clock)
}, 10 * minutes)

afterAll(async () => {
  for (const transport of Object.values(on)) transport.close()
  await site?.stop()
}, 2 * minutes)

const { signal, deploy, plan } = verbsOf(() => site)
const server = (host: string) => on[host]!.engine.getContainer("mariadb")

/** At the virtual address, as a service would, by a client on this host. */
async function asked(host: string, sql: string): Promise<string> {
  const password = (await site.store.secrets.get("site", "app_database_password"))!.reveal()
  const to = ["--skip-ssl", `--host=${site.request.site.internal_vip_address}`, "--user=app", "--database=app"]
  const command = ["mariadb", "--defaults-file=/dev/stdin", ...to, "--batch", "--skip-column-names", `--execute=${sql}`]
  const input = `[client]\npassword=${password}\n`
  const { code, stdout, stderr } = await execIn(on[host]!.engine, "mariadb", command, { input, signal: signal() })
  return code === 0 ? stdout.trim().replaceAll("\n", " ") : `failed: ${stderr.trim()}`
}

/** What the server on this host says itself. */
async function says(host: string, sql: string): Promise<string> {
  const command = ["mariadb", "--no-defaults", "--user=mysql", "--batch", "--skip-column-names", `--execute=${sql}`]
  const asking = execIn(on[host]!.engine, "mariadb", command, { user: "mysql", signal: signal() })
  // One that is starting again has neither a container to ask in nor an answer.
  const { stdout } = await asking.catch(() => ({ stdout: "" }))
  return stdout.trim().replaceAll("\n", " ")
}
const everywhere = (sql: string) => Promise.all(hosts.map((host) => says(host, sql)))
const size = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_cluster_size'"
const rows = "SELECT id FROM app.notes ORDER BY id"

/** What a program of the broker's says. */
async function broker(host: string, ...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await execIn(on[host]!.engine, "rabbitmq", command, { signal: signal() })
  expect([code, stderr]).toEqual([0, ""])
  return stdout
}
const declare = `rabbit_amqqueue:declare({resource, <<"/">>, queue, <<"notes">>}, true, false,
  [{<<"x-queue-type">>, longstr, <<"quorum">>}], none, <<"test">>).`
const nodes = async (host: string): Promise<string[]> =>
  JSON.parse(
    await broker(host, "rabbitmqctl", "--quiet", "cluster_status", "--formatter", "json"),
  ).running_nodes.toSorted()
/** Node → its part in the queue. */
async function partsAt(host: string): Promise<Record<string, string>> {
  const asked = await broker(host, "rabbitmq-queues", "--quiet", "quorum_status", "notes", "--formatter", "json")
  const rows: Record<string, string>[] = JSON.parse(asked)
  return Object.fromEntries(rows.map((row) => [row["Node Name"]!, row["Raft State"]!]))
}
const all = hosts.map((host) => `rabbit@${host}`)

describe("the database on three hosts", () => {
  it("is begun by the one host that had it, with all its data, and joined by the others", async () => {
    const [first] = site.request.inventory.hosts
    const alone = await deploy({ inventory: { hosts: [first!] } })
    expect(alone.failed).toEqual([])
    expect(changes(alone)).not.toContain("create cluster of mariadb")
    await broker("host1", "rabbitmqctl", "eval", declare)
    await says("host1", "CREATE TABLE app.notes (id INT PRIMARY KEY); INSERT INTO app.notes VALUES (0)")
    const result = await deploy()
    expect(result.failed).toEqual([])
    console.log(`became three in ${result.seconds} s:`, result.criticalPath)
    expect(result.planned).toContainEqual(
      expect.objectContaining({ target: "cluster of mariadb", reason: "host1 begins it" }),
    )
    expect(await everywhere(size)).toEqual(["3", "3", "3"])
    expect(await everywhere(rows)).toEqual(["0", "0", "0"])
    const again = await plan()
    expect([again.failed, again.planned]).toEqual([[], []])
  })

  it("has on every host what is written at the virtual address", async () => {
    expect(await asked("host2", "INSERT INTO notes VALUES (1)")).toBe("")
    await expect.poll(() => everywhere(rows)).toEqual(["0 1", "0 1", "0 1"])
    expect(await asked("host2", "SELECT @@wsrep_node_name")).toBe("host1")
  })

  it("is written to on another host when that one has lost the others, although it still lets in", async () => {
    const rules = ["INPUT", "OUTPUT"].flatMap((chain) =>
      ["s", "d"].map((way) => `${chain} -p tcp --${way}port 4567 -j DROP`),
    )
    const all = (action: string) =>
      site.hosts.exec("host1", rules.map((rule) => `iptables ${action} ${rule}`).join(" && "))
    await all("-I")
    const name = () => asked("host2", "SELECT @@wsrep_node_name FROM notes LIMIT 1")
    await expect.poll(name, { timeout: 60_000, interval: 500 }).toBe("host2")
    expect(await server("host1").inspect()).toMatchObject({ State: { Running: true } })
    await all("-D")
    await expect.poll(() => everywhere(size), { timeout: 60_000, interval: 500 }).toEqual(["3", "3", "3"])
  })

  it("is written to on another host when that one ends, which catches up when it is back", async () => {
    await server("host1").kill({ signal: "KILL" })
    await expect.poll(() => asked("host2", "INSERT INTO notes VALUES (2)"), { timeout: 30_000, interval: 500 }).toBe("")
    const result = await deploy()
    expect([result.failed, changes(result)]).toEqual([[], ["start container mariadb"]])
    expect(await everywhere(size)).toEqual(["3", "3", "3"])
    expect(await everywhere(rows)).toEqual(["0 1 2", "0 1 2", "0 1 2"])
    // What it lacked, not everything.
    expect((await server("host1").logs({ stdout: true, stderr: true })).toString()).toContain("IST received")
  })

  it("is begun again by the most advanced when all have ended, not by one that lacks the last", async () => {
    await server("host3").stop({ t: 30 })
    await expect.poll(() => asked("host2", "INSERT INTO notes VALUES (3)"), { timeout: 30_000, interval: 500 }).toBe("")
    await Promise.all(["host1", "host2"].map((host) => server(host).kill({ signal: "KILL" })))
    const result = await deploy()
    expect(result.failed).toEqual([])
    expect(result.planned[0]).toMatchObject({
      target: "cluster of mariadb",
      reason: "no member serves: the most advanced of host1, host2, host3 begins it again",
    })
    expect(await everywhere(size)).toEqual(["3", "3", "3"])
    expect(await everywhere(rows)).toEqual(["0 1 2 3", "0 1 2 3", "0 1 2 3"])
  })

  it("comes back by itself when all were cut off at once and their hosts are back", async () => {
    await Promise.all(hosts.map((host) => site.hosts.exec(host, "pkill -KILL mariadbd")))
    await expect.poll(() => everywhere(size), { timeout: 60_000, interval: 1000 }).toEqual(["3", "3", "3"])
    expect(await everywhere(rows)).toEqual(["0 1 2 3", "0 1 2 3", "0 1 2 3"])
  })

  it("is begun again by the last to leave it when it was stopped and is started", async () => {
    expect((await deploy({ verb: "stop", scope: { only: ["mariadb"] } })).failed).toEqual([])
    expect((await deploy({ verb: "start", scope: { only: ["mariadb"] } })).failed).toEqual([])
    expect(await everywhere(size)).toEqual(["3", "3", "3"])
    expect(await everywhere(rows)).toEqual(["0 1 2 3", "0 1 2 3", "0 1 2 3"])
  })
})

describe("the message broker on three hosts", () => {
  it("has become one cluster of the host that was there and those that came, with the queues of before", async () => {
    expect(await Promise.all(hosts.map(nodes))).toEqual([all, all, all])
    const members = async () => Object.keys(await partsAt("host2")).toSorted()
    await expect.poll(members, { timeout: 60_000, interval: 2000 }).toEqual(all)
  })

  it("goes on without one of them, which is a member again when it is back", async () => {
    const leaderAt = async (host: string) =>
      Object.entries(await partsAt(host)).find(([, part]) => part === "leader")?.[0]
    const leader = (await leaderAt("host2"))!.replace("rabbit@", "")
    const rest = hosts.filter((host) => host !== leader)
    await on[leader]!.engine.getContainer("rabbitmq").kill({ signal: "KILL" })
    const others = rest.map((host) => `rabbit@${host}`)
    await expect.poll(() => leaderAt(rest[0]!), { timeout: 30_000, interval: 1000 }).toBeOneOf(others)
    const result = await deploy()
    expect([result.failed, changes(result)]).toEqual([[], ["start container rabbitmq"]])
    expect(await nodes(rest[0]!)).toEqual(all)
  })

  it("comes back by itself when all were cut off at once, and by a start after a stop", async () => {
    const whole = () => Promise.all(hosts.map((host) => nodes(host).catch(() => [])))
    await Promise.all(hosts.map((host) => site.hosts.exec(host, "pkill -KILL beam.smp")))
    await expect.poll(whole, { timeout: 90_000, interval: 2000 }).toEqual([all, all, all])
    for (const verb of ["stop", "start"] as const) {
      expect((await deploy({ verb, scope: { only: ["rabbitmq"] } })).failed).toEqual([])
    }
    expect(await whole()).toEqual([all, all, all])
    expect(Object.keys(await partsAt("host1")).toSorted()).toEqual(all)
  })
})
