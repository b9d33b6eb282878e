import { expect, test } from "vitest"
import { holderIn } from "../../../src/dhcp/probe.ts"

const table = `IP address       HW type     Flags       HW address            Mask     Device
172.22.0.50      0x1         0x2         52:54:00:AA:00:01     *        prov0
172.22.0.51      0x1         0x0         00:00:00:00:00:00     *        prov0
`

test("reads /proc/net/arp", () => {
  expect(holderIn(table, "172.22.0.50")).toBe("52:54:00:aa:00:01")
  expect(holderIn(table, "172.22.0.51")).toBeUndefined()
  expect(holderIn(table, "172.22.0.5")).toBeUndefined()
  expect(holderIn("", "172.22.0.50")).toBeUndefined()
})
