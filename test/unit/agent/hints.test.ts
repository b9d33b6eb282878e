import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { chooseDisk, matchesHint } from "../../../src/agent/disk/hints.ts"
import type { InventoryDisk } from "../../../src/agent/protocol.ts"
import { BifrostError } from "../../../src/util/errors.ts"

const GiB = 1024 ** 3
const disk = (name: string, gib: number, more: Partial<InventoryDisk> = {}): InventoryDisk => ({
  name,
  by_path: null,
  model: "QEMU HARDDISK",
  vendor: "QEMU",
  size: gib * GiB,
  rotational: false,
  serial: null,
  wwn: null,
  hctl: null,
  logical_sectors: 512,
  physical_sectors: 512,
  ...more,
})

describe("matchesHint", () => {
  const cases: [Parameters<typeof matchesHint>, boolean][] = [
    [["size", "20", 20], true],
    [["size", "20", ">= 20"], true],
    [["size", "20", "> 20"], false],
    [["size", "20", "= 10"], true],
    [["size", "20", "<or> 10 <or> 20"], true],
    [["model", "QEMU HARDDISK", "qemu harddisk"], true],
    [["model", "QEMU HARDDISK", "<in> harddisk"], true],
    [["model", "QEMU HARDDISK", "s!= qemu harddisk"], false],
    [["vendor", "ATA", "<or> atá <or> ata"], true],
    [["rotational", "false", false], true],
    [["rotational", "false", "true"], false],
    [["serial", "20", "== 20"], true],
  ]
  for (const [[hint, have, want], expected] of cases) {
    it(`${hint} ${have} against ${want}: ${expected}`, () => expect(matchesHint(hint, have, want)).toBe(expected))
  }
  it("refuses an operator without a value", () => {
    expect(() => matchesHint("size", "20", ">=")).toThrow(/hint cannot be understood/)
  })
})

describe("chooseDisk", () => {
  const disks = [
    disk("/dev/sda", 100, { serial: "A" }),
    disk("/dev/sdb", 20, { serial: "B" }),
    disk("/dev/sdc", 2, { serial: "C" }),
    disk("/dev/sdd", 20, { serial: "D" }),
  ]
  it("takes the smallest of at least 4 GiB without hints, the first of equals", () => {
    expect(chooseDisk(disks).name).toBe("/dev/sdb")
    expect(() => chooseDisk([disks[2]!])).toThrow(/no disk fits.*\/dev\/sdc \(2.0 GiB.*serial C/)
  })
  it("wants every hint satisfied", () => {
    expect(chooseDisk(disks, { size: ">= 20", serial: "a" }).name).toBe("/dev/sda")
    expect(() => chooseDisk(disks, { size: ">= 20", serial: "C" })).toThrow(/no disk fits/)
  })
  it("refuses to choose among several and lists them", () => {
    expect(() => chooseDisk(disks, { size: 20 })).toThrow(/more than one disk.*\/dev\/sdb.*\/dev\/sdd/)
  })
  it("refuses a hint that it does not know, and one that no disk can satisfy", () => {
    expect(() => chooseDisk(disks, { colour: "red" } as object)).toThrow(/unknown hint "colour"/)
    expect(() => chooseDisk(disks, { wwn: "0x5000" })).toThrow(/no disk fits/)
  })
})

describe("any hints", () => {
  const disks = [
    disk("/dev/sda", 100, { serial: "A", wwn: "0x5000" }),
    disk("/dev/sdb", 20, { serial: "20", rotational: true }),
  ]
  const names = fc.constantFrom(
    ...(["serial", "wwn", "wwn_vendor_extension", "model", "name", "hctl", "size", "rotational"] as const),
  )
  const words = fc.constantFrom(
    ...["=", "==", "!=", ">=", "<", "s==", "s!=", "<in>", "<or>", "<all-in>", "constructor", "toString", "__proto__"],
    ...["20", "A", "QEMU", "true", "/dev/sda", " ", ""],
  )
  const expressions = fc
    .array(fc.oneof(words, fc.string({ maxLength: 3 })), { maxLength: 4 })
    .map((all) => all.join(" "))

  it("name one of the disks, or are refused with a code", () => {
    const keys = fc.oneof(names, fc.constantFrom("constructor", "toString", "__proto__"), fc.string({ maxLength: 4 }))
    const hints = fc.dictionary(keys, fc.oneof(expressions, fc.jsonValue({ maxDepth: 2 })), { maxKeys: 3 })
    fc.assert(
      fc.property(hints, (given) => {
        try {
          expect(disks).toContain(chooseDisk(disks, JSON.parse(JSON.stringify(given))))
        } catch (error) {
          if (!(error instanceof BifrostError)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })
  it("that exclude a value are not satisfied by it", () => {
    const values = fc.oneof(fc.string(), fc.constantFrom("20", "A", "0x5000", "1e3")).map((text) => `${text}0`.trim())
    fc.assert(
      fc.property(names, values, fc.constantFrom("!=", "s!=", "<", ">"), (hint, value, operator) => {
        try {
          expect(matchesHint(hint, value, `${operator} ${value}`)).toBe(false)
        } catch (error) {
          if (!(error instanceof BifrostError)) throw error
        }
      }),
      { numRuns: 500 },
    )
  })
})
