import { expect, it } from "vitest"
import { interfacesFrom, networkOf } from "../../../src/deploy/networks.ts"
import { type NetworkRole, resolveSite, type SiteFile } from "../../../src/deploy/site.ts"

const host = { name: "h1", address: "192.0.2.11", port: 22, user: "root", hostKey: "", groups: ["compute"] }
const interfaces = interfacesFrom(
  JSON.stringify([
    { ifname: "lo", addr_info: [{ local: "127.0.0.1", scope: "host" }] },
    {
      ifname: "eth0",
      addr_info: [
        { local: "192.0.2.11", scope: "global" },
        { local: "fe80::1", scope: "link" },
      ],
    },
    {
      ifname: "eth1",
      addr_info: [
        { local: "198.51.100.7", scope: "global" },
        { local: "2001:db8::7", scope: "global" },
      ],
    },
    { ifname: "eth2", addr_info: [] },
  ]),
)
const where = (role: NetworkRole, site: SiteFile = {}) => networkOf(role, host, interfaces, resolveSite(site))
const eth0 = { interface: "eth0", address: "192.0.2.11" }

it("uses the inventory's address where the site says nothing, in every role", () => {
  for (const role of ["management", "api", "external", "tunnel", "storage"] as const) expect(where(role)).toEqual(eth0)
})

it("does not take a virtual address for a host's own", () => {
  const networks = { api: { interface: "eth1" } }
  expect(where("api", { networks, internal_vip_address: "198.51.100.7" }).address).toBe("2001:db8::7")
})

it("goes by interface, by network, or both, of either family", () => {
  expect(where("tunnel", { networks: { tunnel: { interface: "eth1" } } }).address).toBe("198.51.100.7")
  expect(where("tunnel", { networks: { tunnel: { cidr: "2001:db8::/64" } } })).toEqual({
    interface: "eth1",
    address: "2001:db8::7",
  })
  const both = { interface: "eth1", cidr: "2001:db8::/64" }
  expect(where("storage", { networks: { storage: both } }).address).toBe("2001:db8::7")
})

it("lets a role follow another: external is where api is", () => {
  expect(where("external", { networks: { api: { interface: "eth1" } } }).interface).toBe("eth1")
  expect(where("tunnel", { networks: { api: { interface: "eth1" } } })).toEqual(eth0)
})

it("lets a host's own word win over its groups', and theirs over the site's", () => {
  const site = {
    networks: { tunnel: { interface: "eth2" } },
    groups: { compute: { networks: { tunnel: { interface: "eth1" } } } },
  }
  expect(where("tunnel", site).interface).toBe("eth1")
  expect(where("tunnel", { ...site, hosts: { h1: { networks: { tunnel: { interface: "eth0" } } } } })).toEqual(eth0)
})

it("says which network is missing where, and what is there", () => {
  expect(() => where("tunnel", { networks: { tunnel: { interface: "eth2" } } })).toThrow(
    /h1: .*network tunnel; it has lo 127.0.0.1, eth0 192.0.2.11, eth1 .*, eth2 \(no address\).*expected eth2/s,
  )
  expect(() => where("api", { networks: { api: { cidr: "203.0.113.0/24" } } })).toThrow("an address in 203.0.113.0/24")
})

it("asks whether an interface was meant that is there", () => {
  expect(() => where("tunnel", { networks: { tunnel: { interface: "eht1" } } })).toThrow('did you mean "eth1"?')
})
