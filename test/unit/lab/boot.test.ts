import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterEach, beforeEach, expect, test } from "vitest"
import { BmcState } from "../../../src/lab/bmc-state.ts"
import { bootIndexSteps, bootOrder } from "../../../src/lab/boot-order.ts"

test("only PXE puts the network first", () => {
  expect(bootOrder("pxe")).toEqual(["net", "disk"])
  for (const device of ["none", "disk", "cdrom", "bios"]) expect(bootOrder(device)).toEqual(["disk", "net"])
})

test("whatever QEMU has, the steps end in the order wanted and never set an index that is in use", () => {
  const index = fc.integer({ min: 0, max: 1000 })
  fc.assert(
    fc.property(index, index, fc.constantFrom("pxe", "disk"), (net, disk, device) => {
      fc.pre(net !== disk)
      const order = bootOrder(device)
      const current = { net, disk }
      for (const step of bootIndexSteps(order, current)) {
        expect(Object.values(current)).not.toContain(step.bootindex)
        current[step.device] = step.bootindex
      }
      expect(current[order[0]]).toBeLessThan(current[order[1]])
      expect(bootIndexSteps(order, current)).toEqual([])
    }),
  )
})

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "bifrost-bmc-"))
})
afterEach(() => rmSync(dir, { recursive: true }))

test("a boot uses up a one-shot selection, and a new daemon remembers the rest", () => {
  const file = join(dir, "bmc.json")
  const none = { device: "none", persistent: false, efi: false }
  expect(new BmcState(file).get()).toEqual(none)

  const once = { device: "pxe", persistent: false, efi: true } as const
  new BmcState(file).set(once)
  expect(new BmcState(file).get()).toEqual(once)
  new BmcState(file).consume()
  expect(new BmcState(file).get()).toEqual(none)

  const always = { device: "disk", persistent: true, efi: false } as const
  new BmcState(file).set(always)
  new BmcState(file).consume()
  expect(new BmcState(file).get()).toEqual(always)
})

test("a damaged file means the firmware's own order", () => {
  const file = join(dir, "bmc.json")
  writeFileSync(file, '{"boot":')
  expect(new BmcState(file).get().device).toBe("none")
})
