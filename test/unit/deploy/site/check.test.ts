import { expect, it } from "vitest"
import { checkSite } from "../../../../src/deploy/site/check.ts"
import { readSite } from "../../../../src/deploy/site/read.ts"

const hosts = [
  { name: "node1", address: "10.0.0.11", groups: ["control"] },
  { name: "node2", address: "10.0.0.12", groups: ["compute"] },
]

/** Each finding as `line severity what`. */
function found(text: string, known: typeof hosts | null = hosts): string[] {
  const { site, placeOf, findings } = readSite(text)
  expect(findings).toEqual([])
  const context = { groups: ["control", "network", "storage"], ...(known && { hosts: known }) }
  return checkSite(site!, placeOf, context).map(({ line, severity, what }) => `${line} ${severity} ${what}`)
}

it("finds nothing in a site of defaults", () => {
  expect(found("")).toEqual([])
})

it("wants the VIPs to be free addresses inside their networks, and one where HTTPS is to be", () => {
  const networks = "networks:\n  management: { cidr: 10.0.0.0/24 }\n  external: { cidr: 'fd00::/64' }\n"
  expect(found(`${networks}internal_vip_address: 10.0.0.250\nexternal_vip_address: fd00::250\n`)).toEqual([])
  expect(found(`${networks}internal_vip_address: 10.0.1.250\n`)).toEqual([
    "4 error internal_vip_address 10.0.1.250 is outside its network",
  ])
  expect(found("internal_vip_address: 10.0.0.12\n")).toEqual([
    "1 error internal_vip_address 10.0.0.12 is the address of node2",
  ])
  expect(found("internal_vip_address: cloud\n")).toEqual(["1 error internal_vip_address is cloud"])
  expect(found("external_vip_address: 10.0.0.250\n")).toEqual(["1 error an external VIP without an internal one"])
  expect(found("tls:\n  internal: true\n")).toEqual(["2 error HTTPS on an internal VIP that is not given"])
  expect(found("internal_vip_address: 10.0.0.250\ntls:\n  external: true\n")).toEqual([
    "3 error HTTPS on an external VIP that is not given",
  ])
  const same = "internal_vip_address: 10.0.0.250\nexternal_vip_address: 10.0.0.250\ntls:\n  external: true\n"
  expect(found(same)).toEqual(["4 error one VIP with HTTPS and without"])
})

it("wants the VIPs' names to be names, of a VIP that there is", () => {
  expect(found("internal_vip_address: 10.0.0.250\ninternal_fqdn: api.example.org\n")).toEqual([])
  expect(found("internal_vip_address: 10.0.0.250\ninternal_fqdn: 10.0.0.250\n")).toEqual([
    "2 error internal_fqdn is 10.0.0.250",
  ])
  expect(found("external_fqdn: cloud.example.org\n")).toEqual(["1 error a name of an external VIP that is not given"])
})

it("knows hosts and groups, of the inventory and of the definitions; without an inventory it asks nothing", () => {
  const text = "groups:\n  storage: {}\n  compue: {}\nhosts:\n  node3: {}\n"
  expect(found(text)).toEqual([
    '3 warning no group "compue", did you mean "compute"?',
    '5 warning no host "node3", did you mean "node1"?',
  ])
  expect(found(text, null)).toEqual([])
})

it("wants networks that say something, in words that are networks", () => {
  expect(found("networks:\n  api: {}\n  tunnel:\n    cidr: 10.0.0.0/33\n")).toEqual([
    "2 error network api says nothing",
    "4 error network tunnel is 10.0.0.0/33",
  ])
})

it("wants provider networks on interfaces and bridges of their own", () => {
  const text = `networks:
  management: { interface: eth0 }
  provider:
    physnet1: { interface: eth0 }
    physnet2: { bridge: br-two }
    physnet3: { bridge: br-two, interface: eth3 }
`
  expect(found(text)).toEqual([
    "4 error the provider network physnet1 has the interface of the network management",
    "5 warning the provider network physnet2 has no interface: floating IPs answer on the network hosts alone",
    "6 error the provider networks physnet2 and physnet3 share a bridge",
  ])
  expect(found(`${text}services: { neutron: { enabled: false }, nova: { enabled: false } }\n`)).toEqual([])
  const elsewhere =
    "networks: { provider: { physnet1: {} } }\nhosts: { node1: { networks: { provider: { physnet1: { interface: eth1 } } } } }\n"
  expect(found(elsewhere)).toEqual([])
})

it("wants what a service needs, and a backend", () => {
  expect(found("services:\n  placement:\n    enabled: false\n  cinder: { backends: {} }\n")).toEqual([
    "3 error nova needs placement, which is off",
    "4 error cinder without a backend",
  ])
})

it("wants a registry's address and no URL", () => {
  expect(found("images: { registry: 'registry.example.org:5000' }")).toEqual([])
  expect(found("images: { registry: 'https://registry.example.org' }")).toEqual([
    "1 error the registry is https://registry.example.org",
  ])
})
