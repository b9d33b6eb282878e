import fc from "fast-check"
import { expect, it } from "vitest"
import { cidrHas, isCidr } from "../../../src/util/cidr.ts"

it("knows a network from what is none", () => {
  for (const good of ["10.0.0.0/24", "0.0.0.0/0", "fd00::/64", "::/128"]) expect(isCidr(good)).toBe(true)
  for (const bad of ["10.0.0.0", "10.0.0.0/33", "fd00::/129", "10.0.0/8", "10.0.0.0/8/8", "", "x/8", "10.0.0.0/-1"])
    expect(isCidr(bad)).toBe(false)
})

it("finds addresses of the network's own family inside it", () => {
  expect(cidrHas("10.0.0.0/24", "10.0.0.255")).toBe(true)
  expect(cidrHas("10.0.0.0/24", "10.0.1.0")).toBe(false)
  expect(cidrHas("fd00::/64", "fd00::1")).toBe(true)
  expect(cidrHas("::/0", "10.0.0.1")).toBe(false)
  fc.assert(fc.property(fc.ipV4(), (address) => cidrHas(`${address}/32`, address)))
  fc.assert(fc.property(fc.ipV4(), fc.string(), (address, text) => typeof cidrHas(`${address}/8`, text) === "boolean"))
})
