import { execFileSync } from "node:child_process"
import { expect, it } from "vitest"
import rabbitmq from "../../../services/rabbitmq/service.ts"
import { contextOf } from "./context.ts"

const pair = contextOf()
const config = (context = pair) =>
  String(rabbitmq.containers[0]!.files!.find(({ name }) => name === "rabbitmq.conf")!.content(context))

it("is one cluster of the hosts that carry it, and says nothing of one where a single host does", () => {
  expect(config()).toContain(`cluster_formation.classic_config.nodes.1 = rabbit@a
cluster_formation.classic_config.nodes.2 = rabbit@b
`)
  expect(config()).toContain("cluster_partition_handling = pause_minority\n")
  expect(config({ ...pair, carriers: () => [pair.host] })).not.toContain("cluster")
})

it("knows its user by a file that is read at each start, so that a rotated password is the user's", () => {
  const definitions = rabbitmq.containers[0]!.files!.find(({ name }) => name === "definitions.json")!
  const password = "of rabbitmq_password"
  const { users, permissions } = JSON.parse(String(definitions.content({ ...pair, secret: (name) => `of ${name}` })))
  expect(users).toEqual([{ name: "openstack", password, tags: "administrator" }])
  expect(permissions).toMatchObject([{ user: "openstack", vhost: "/" }])
  expect(config()).toContain(`load_definitions = ${definitions.dest}\n`)
  expect(config()).not.toContain("default_")
})

it("bears that it ends while the others start, by a script that bash understands", () => {
  const [container] = rabbitmq.containers
  const start = container!.files!.find(({ name }) => name === "rabbitmq-start")!
  execFileSync("bash", ["-n"], { input: String(start.content(pair)) })
  expect(container!.command(pair)).toBe(start.dest)
  expect(start.content({ ...pair, carriers: () => [pair.host] })).toBeUndefined()
})
