import { expect, it } from "vitest"
import { providerNetworks } from "../../../src/deploy/networks.ts"
import { resolveSite, type SiteFile } from "../../../src/deploy/site.ts"

const host = { name: "a", address: "192.0.2.1", port: 22, user: "root", hostKey: "ssh-ed25519 AAAA", groups: ["edge"] }
const networksOf = (file: SiteFile) => providerNetworks(host, resolveSite(file))

it("has one physical network that ends at the host, unless the site says otherwise", () => {
  expect(networksOf({})).toEqual([{ name: "physnet1", bridge: "br-ex" }])
})

it("names the bridge of a physical network after it", () => {
  const provider = { physnet1: { interface: "eth1" }, dc: { bridge: "br-dc" } }
  expect(networksOf({ networks: { provider } })).toEqual([
    { name: "physnet1", bridge: "br-physnet1", interface: "eth1" },
    { name: "dc", bridge: "br-dc" },
  ])
})

it("takes what a host's group says over what the site says, and what the host says over both", () => {
  const on = (name: string) => ({ networks: { provider: { physnet1: { bridge: "br-ex", interface: name } } } })
  const interfaceOf = (file: SiteFile) => networksOf(file)[0]?.interface
  expect(interfaceOf({ ...on("eth1"), groups: { edge: on("eth2"), other: on("eth9") } })).toBe("eth2")
  expect(interfaceOf({ ...on("eth1"), groups: { edge: on("eth2") }, hosts: { a: on("eth3"), b: on("eth9") } })).toBe(
    "eth3",
  )
})
