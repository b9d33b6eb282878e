import { execFileSync } from "node:child_process"
import { expect, it } from "vitest"
import { haproxyConfig } from "../../../services/loadbalancer/haproxy.ts"
import mariadb from "../../../services/mariadb/service.ts"
import { contextOf } from "./context.ts"

const cluster = contextOf({ internal_vip_address: "192.0.2.10", external_vip_address: "203.0.113.10" }, mariadb.fronts)
const lone = { ...cluster, carriers: () => [cluster.host] }
const [container] = mariadb.containers
const contentOf = (name: string, context = cluster) =>
  container!.files!.find((file) => file.name === name)!.content(context)
const option = (name: string, context = cluster) =>
  (contentOf("my.cnf", context) as Record<string, Record<string, unknown>>)["mariadbd"]![name]

it("is a member of a cluster where several hosts carry it, and nothing of that where one does", () => {
  expect(option("wsrep_cluster_address")).toBe("gcomm://192.0.2.11:4567,192.0.2.12:4567")
  expect(option("wsrep_node_address")).toBe("192.0.2.11")
  expect(container!.command(cluster)).toBe("/usr/local/bin/mariadb-start")
  expect(option("wsrep_on", lone)).toBeUndefined()
  expect(contentOf("mariadb-start", lone)).toBeUndefined()
  expect(container!.command(lone)).toContain("mariadbd")
})

it("starts by a script that looks for its peers, and that bash understands", () => {
  const script = String(contentOf("mariadb-start"))
  execFileSync("bash", ["-n"], { input: script })
  expect(script).toContain("for peer in 192.0.2.12; do")
})

it("lets load balancers ask each member, who know no password and have no rights", () => {
  expect(contentOf("accounts.sql")).toBe(`SET SESSION wsrep_on = OFF;
CREATE USER IF NOT EXISTS 'haproxy'@'192.0.2.11';
CREATE USER IF NOT EXISTS 'haproxy'@'192.0.2.12';
`)
  expect(option("init_file")).toBe("/etc/mysql/accounts.sql")
  expect(option("init_file", lone)).toBeUndefined()
  const sent = [...haproxyConfig(cluster).matchAll(/send-binary (\w+)/g)].map(([, hex]) => Buffer.from(hex!, "hex"))
  for (const each of sent) expect(each.readUIntLE(0, 3)).toBe(each.length - 4)
  expect(sent[0]!.subarray(36).toString()).toBe("haproxy\0\0")
  expect(sent[1]!.subarray(5).toString()).toMatch(/^SELECT .*'wsrep_ready'$/)
})

it("is reached by services at the internal address, one server at a time", () => {
  expect(haproxyConfig(cluster)).toContain(`listen mariadb
    bind 192.0.2.10:3306 transparent
    bind 192.0.2.11:3307
    mode tcp
`)
  expect(haproxyConfig(cluster)).toContain("    balance first\n")
  expect(haproxyConfig(cluster)).toContain(`
    server a 192.0.2.11:3306 check
    server b 192.0.2.12:3306 check
`)
  expect(haproxyConfig(cluster)).not.toContain("203.0.113.10:3306")
  const single = { ...lone, fronts: [{ container: "mariadb", port: 3306, tcp: true as const, hosts: [lone.host] }] }
  expect(haproxyConfig(single)).not.toContain("3306")
})
