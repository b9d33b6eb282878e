import { expect, test } from "vitest"
import { network, provisioningNetwork } from "../../../src/service/network.ts"
import { systemClock } from "../../../src/util/clock.ts"

test("without a range, the pool lies in the network's upper half", () => {
  expect(network("prov0", "172.22.0.1", "172.22.0.1/24", undefined).range).toEqual({
    from: "172.22.0.128",
    to: "172.22.0.239",
  })
  expect(network("p", "10.0.0.1", "10.0.0.1/29", undefined).range).toEqual({ from: "10.0.0.4", to: "10.0.0.5" })
})

test.each([
  ["outside the network", "172.23.0.10-172.23.0.20"],
  ["backwards", "172.22.0.90-172.22.0.20"],
  ["over the service's own address", "172.22.0.1-172.22.0.20"],
  ["not a range", "172.22.0.7"],
])("a range %s is refused", (_why, range) => {
  expect(() => network("prov0", "172.22.0.1", "172.22.0.1/24", range)).toThrow(/DHCP range does not fit/)
})

test("an interface that is not there is named, with those that are", async () => {
  let now = 0
  const sleep = async (ms: number) => {
    now += ms
  }
  const clock = { ...systemClock, now: () => now, sleep }
  await expect(provisioningNetwork("nosuch0", undefined, clock)).rejects.toThrow(/nosuch0 \(expected/)
})
