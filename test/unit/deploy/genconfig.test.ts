import { expect, it } from "vitest"
import { services } from "../../../services/index.ts"
import { generateConfig } from "../../../src/deploy/genconfig.ts"
import type { DeployHost } from "../../../src/deploy/host.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import { resolveSite } from "../../../src/deploy/site.ts"
import { Secret } from "../../../src/util/secret.ts"

const names = services.flatMap(({ secrets }) => Object.keys(secrets ?? {}))
const secrets = new Map(names.map((name) => [name, new Secret(`secret-${name}`)]))
const groups = ["control", "network", "compute", "storage", "monitoring", "deployment"]
const entry = { name: "node1", address: "192.0.2.11", port: 22, user: "root", hostKey: "", groups }
const facts = { cpus: 2, memoryMb: 4096, interfaces: [{ name: "eth0", addresses: ["192.0.2.11"] }] }
const hosts = new Map([["node1", { entry, facts: async () => facts } as unknown as DeployHost]])
const overrides = new Map([["keystone.conf", "[DEFAULT]\ninsecure_debug = true\nadmin_token = mine\n"]])
const inventory = { hosts: [entry] }
const site = resolveSite()
const placement = new Placement(services, inventory, site)
const generate = (scope: { only?: string[]; hosts?: string[] }, reveal: boolean) =>
  generateConfig({ placement, inventory, hosts, site, overrides, secrets, certificates: {}, scope, reveal })

it("renders what a deploy would lay down, overrides included and secrets masked", async () => {
  const files = await generate({ only: ["keystone"] }, false)
  const config = files.find(({ container, file }) => container === "keystone" && file === "keystone.conf")!
  expect(config.host).toBe("node1")
  expect(config.content).toContain("insecure_debug = true")
  expect(config.content).toContain("admin_token = ******")
  expect(config.content).toMatch(/connection = mysql\+pymysql:\/\/keystone:\*{6}@192\.0\.2\.11:3306\/keystone/)
  expect(JSON.stringify(files)).not.toContain("secret-")
})

it("leaves secrets in when asked, and knows services and hosts by name", async () => {
  const files = await generate({ only: ["keystone"], hosts: ["node1"] }, true)
  expect(JSON.stringify(files)).toContain("secret-keystone_database_password")
  await expect(generate({ only: ["keystne"] }, false)).rejects.toMatchObject({ code: "SCOPE_UNKNOWN" })
})
