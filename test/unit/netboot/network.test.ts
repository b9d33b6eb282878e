import type { NetworkInterfaceInfo } from "node:os"
import { expect, test } from "vitest"
import { loaderSource } from "../../../src/netboot/loader-source.ts"
import { servedSubnets } from "../../../src/netboot/network.ts"
import { radvdConfig } from "../../../src/netboot/router-advertisements.ts"

const entry = (address: string, cidr: string): NetworkInterfaceInfo => ({
  address,
  cidr,
  netmask: "255.255.255.0",
  mac: "02:00:00:00:00:01",
  internal: false,
  family: "IPv4",
})
const interfaces = { prov0: [entry("172.22.0.1", "172.22.0.1/24")], office: [entry("10.0.0.5", "10.0.0.5/8")] }
const own = { interface: "prov0", address: "172.22.0.1", range: { from: "172.22.0.50", to: "172.22.0.99" } }

test("the interface's own network comes first, then those behind relays", () => {
  const relayed = [{ network: "10.1.0.0/24", range: { from: "10.1.0.9", to: "10.1.0.9" }, router: "10.1.0.1" }]
  expect(servedSubnets({ ...own, relayed }, interfaces)).toEqual([
    { network: { base: 0xac160000, prefix: 24 }, first: 0xac160032, last: 0xac160063, router: undefined },
    { network: { base: 0x0a010000, prefix: 24 }, first: 0x0a010009, last: 0x0a010009, router: "10.1.0.1" },
  ])
})

test.each([
  ["no such interface", { interface: "prov1" }, "NETBOOT_INTERFACE_ABSENT", "one of prov0, office"],
  ["the address of another interface", { address: "10.0.0.5" }, "NETBOOT_ADDRESS_ABSENT", "10.0.0.5"],
  [
    "a range of another network",
    { range: { from: "10.0.0.1", to: "10.0.0.9" } },
    "NETBOOT_RANGE_INVALID",
    "172.22.0.1/24",
  ],
  ["a range upside down", { range: { from: "172.22.0.9", to: "172.22.0.8" } }, "NETBOOT_RANGE_INVALID", undefined],
  [
    "a range with the broadcast address",
    { range: { from: "172.22.0.9", to: "172.22.0.255" } },
    "NETBOOT_RANGE_INVALID",
    undefined,
  ],
  ["a range that is none", { range: { from: "172.22.0.9", to: "many" } }, "NETBOOT_RANGE_INVALID", undefined],
  [
    "a range of the service's own address",
    { range: { from: "172.22.0.1", to: "172.22.0.1" } },
    "NETBOOT_RANGE_INVALID",
    undefined,
  ],
  ["a router elsewhere", { router: "10.0.0.1" }, "NETBOOT_RANGE_INVALID", undefined],
])("%s", (_name, fields, code, expected) => {
  try {
    servedSubnets({ ...own, ...fields }, interfaces)
  } catch (error) {
    return expect(error).toMatchObject({ code, ...(expected ? { expected: expect.stringContaining(expected) } : {}) })
  }
  expect.unreachable()
})

test("an interface without a link is told from one that is not there", () => {
  expect(() => servedSubnets({ ...own, interface: "lo" }, {})).toThrow("has no link")
})

test("radvd says that there is no router, and gives nobody an address", () => {
  expect(radvdConfig("prov0")).toBe(`interface prov0 {
  AdvSendAdvert on;
  AdvDefaultLifetime 0;
  MinRtrAdvInterval 3;
  MaxRtrAdvInterval 10;
};
`)
})

test("autoexec.ipxe is there for newer iPXE, by any of its names", async () => {
  const source = loaderSource("/nonexistent", "http://172.22.0.1:8080")
  for (const path of ["autoexec.ipxe", "/autoexec.ipxe", "\\autoexec.ipxe"]) {
    const file = await source.open(path)
    expect(Buffer.from((await file?.read(0, 6)) ?? []).toString()).toBe("#!ipxe")
  }
  expect(await source.open("x/autoexec.ipxe")).toBeUndefined()
})
