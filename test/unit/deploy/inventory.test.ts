import { expect, it } from "vitest"
import { hostsOf, inventoryFrom } from "../../../src/deploy/inventory.ts"
import { withPeers } from "../../../src/deploy/prepare-step.ts"
import type { NodeRecord } from "../../../src/store/records.ts"

const node = (name: string, fields: Partial<NodeRecord> = {}) =>
  ({
    uuid: name,
    name,
    provision_state: "active",
    extra: { ipv4_address: "192.0.2.1" },
    driver_internal_info: { ssh_host_key: "ssh-ed25519 AAAA host\n" },
    groups: ["control"],
    ...fields,
  }) as NodeRecord

it("takes the active nodes only, by name", () => {
  const { hosts } = inventoryFrom([node("b"), node("a"), node("c", { provision_state: "available" })])
  expect(hosts.map(({ name }) => name)).toEqual(["a", "b"])
  expect(hosts[0]).toMatchObject({ address: "192.0.2.1", port: 22, user: "root", hostKey: "ssh-ed25519 AAAA host" })
})

it("names the node that lacks its host key: no key is ever accepted blindly", () => {
  expect(() => inventoryFrom([node("a", { driver_internal_info: {} })])).toThrow(/^a: .*ssh_host_key/)
})

it("makes a site without groups one host, and misses a group that no host has", () => {
  const plain = inventoryFrom([node("a", { groups: [] }), node("b", { groups: [] })])
  expect(hostsOf(plain, "control").map(({ name }) => name)).toEqual(["a"])
  expect(() => hostsOf(inventoryFrom([node("a")]), "storage")).toThrow("storage")
})

it("takes the hosts of any of several groups, each once", () => {
  const groups = { a: ["control", "compute"], b: ["network"], c: ["storage"], d: ["compute", "network"] }
  const inventory = inventoryFrom(Object.entries(groups).map(([name, groups]) => node(name, { groups })))
  expect(hostsOf(inventory, ["network", "compute"]).map(({ name }) => name)).toEqual(["a", "b", "d"])
})

it("keeps other lines of /etc/hosts, and its own block in place", () => {
  const inventory = inventoryFrom([node("a")])
  const once = withPeers("127.0.0.1 localhost", inventory)
  expect(once).toBe("127.0.0.1 localhost\n# bifrost-ts: hosts of this site\n192.0.2.1 a\n# bifrost-ts: end\n")
  expect(withPeers(once, inventory)).toBe(once)
  const moved = withPeers(
    `${once}10.0.0.1 mine\n`,
    inventoryFrom([node("a", { extra: { ipv4_address: "192.0.2.9" } })]),
  )
  expect(moved).toContain("192.0.2.9 a\n# bifrost-ts: end\n10.0.0.1 mine\n")
})

it("takes hosts' names off lines that say they are in another network, and leaves other names there", () => {
  const text = "10.9.0.1 a\n10.9.0.1 a storage-of-a # mine\nfd00::1 a\n192.0.2.1 a.example a\n"
  const kept = withPeers(text, inventoryFrom([node("a")]))
  expect(kept).toMatch(/^10\.9\.0\.1 storage-of-a # mine\nfd00::1 a\n192\.0\.2\.1 a\.example a\n# bifrost-ts/)
})

it("takes a host's own name off the loopback address, where no peer would find it", () => {
  const text = "127.0.0.1 localhost\n127.0.1.1 a.example a\n127.0.1.1 other\n"
  const kept = withPeers(text, inventoryFrom([node("a")]))
  expect(kept).toMatch(/^127\.0\.0\.1 localhost\n127\.0\.1\.1 other\n# bifrost-ts/)
})
