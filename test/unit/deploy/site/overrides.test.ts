import { expect, it } from "vitest"
import { services } from "../../../../services/index.ts"
import { findingLine } from "../../../../src/deploy/site/finding.ts"
import { inspectSite } from "../../../../src/deploy/site/inspect.ts"

const host = (name: string, ...groups: string[]) => ({
  name,
  address: "192.0.2.11",
  port: 22,
  user: "root",
  hostKey: "",
  groups,
})
const inventory = { hosts: [host("node1", "control", "network", "compute", "storage", "monitoring", "deployment")] }

function found(overrides: Record<string, string>, site = "", known: typeof inventory | null = inventory): string[] {
  const folder = { site, overrides: new Map(Object.entries(overrides)), certificates: new Map<string, string>() }
  const { findings } = inspectSite({ folder, services, ...(known && { inventory: known }) })
  return findings.map((finding) => `${finding.severity} ${findingLine(finding)}`)
}

it("finds a use for every place that kolla-ansible has", () => {
  const used = [
    "global.conf",
    "keystone.conf",
    "keystone/keystone.conf",
    "keystone/node1/keystone.conf",
    "keystone/keystone-uwsgi.ini",
  ]
  expect(found(Object.fromEntries(used.map((path) => [path, ""])))).toEqual([])
})

it("warns of each file that nothing uses, and says what was meant", () => {
  const lines = found({
    "keystone/keystone.cnf": "",
    "keystne.conf": "",
    "keystone/node2/keystone.conf": "",
    README: "",
  })
  expect(lines).toEqual([
    'warning config/keystone/keystone.cnf:1:1: nothing uses this file: keystone has no such file, did you mean "keystone/keystone.conf"?',
    'warning config/keystne.conf:1:1: nothing uses this file: no service is called keystne, did you mean "keystone"?',
    'warning config/keystone/node2/keystone.conf:1:1: nothing uses this file: no host is called node2, did you mean "node1"?',
    "warning config/README:1:1: nothing uses this file: no service is called README",
  ])
})

it("says when the service is off", () => {
  const all = ["keystone", "glance", "placement", "nova", "neutron", "cinder", "heat", "horizon"]
  const off = `services: { ${all.map((name) => `${name}: { enabled: false }`).join(", ")} }`
  expect(found({ "keystone.conf": "" }, off)[0]).toContain("nothing uses this file: keystone is off")
})

it("tells the line of an override that cannot be read, but not what stands there", () => {
  expect(found({ "keystone.conf": "[DEFAULT]\nhunter2\n" })).toEqual([
    "error config/keystone.conf:2:1: not in oslo.config's format (expected [section], key = value, a comment or an indented continuation)",
  ])
})

it("checks all but hosts' names where no host is known", () => {
  expect(found({ "keystone/anything/keystone.conf": "", "keystne.conf": "" }, "", null)).toHaveLength(1)
})
