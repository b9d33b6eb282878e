import { crc32 } from "node:zlib"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fitTable } from "../../../src/agent/disk/table.ts"
import { BifrostError } from "../../../src/util/errors.ts"

const MiB = 1024 ** 2
const disk = { size: 1024 * MiB, sectorSize: 512 }

function mbr(entries: readonly { type: number; first: number; sectors: number }[]): Buffer {
  const head = Buffer.alloc(MiB)
  head.writeUInt16LE(0xaa55, 510)
  for (const [index, { type, first, sectors }] of entries.entries()) {
    head.writeUInt8(type, 446 + 16 * index + 4)
    head.writeUInt32LE(first, 446 + 16 * index + 8)
    head.writeUInt32LE(sectors, 446 + 16 * index + 12)
  }
  return head
}

/** GPT whose one partition is 1 MiB … `end` (bytes). */
function gpt(end: number): Buffer {
  const head = mbr([{ type: 0xee, first: 1, sectors: end / 512 }])
  head.write("EFI PART", 512, "latin1")
  head.writeUInt32LE(92, 512 + 12)
  head.writeBigUInt64LE(2n, 512 + 72)
  head.writeUInt32LE(128, 512 + 80)
  head.writeUInt32LE(128, 512 + 84)
  head.fill(1, 1024, 1024 + 32)
  head.writeBigUInt64LE(2048n, 1024 + 32)
  head.writeBigUInt64LE(BigInt(end / 512 - 1), 1024 + 40)
  return head
}

describe("GPT", () => {
  it("moves the copy to the disk's end and adds the config drive before it", () => {
    const head = gpt(100 * MiB)
    const { tail, configDriveAt } = fitTable(head, disk, 1000)
    expect(tail!.position + tail!.bytes.length).toBe(disk.size)
    expect(configDriveAt).toBe(disk.size - 65 * MiB)
    const copy = tail!.bytes.subarray(-512)
    expect(copy.readBigUInt64LE(24)).toBe(BigInt(disk.size / 512 - 1))
    expect(copy.readUInt32LE(88)).toBe(crc32(tail!.bytes.subarray(0, 128 * 128)))
    expect(head.toString("utf16le", 1024 + 128 + 56, 1024 + 128 + 56 + 16)).toBe("config-2")
  })
  it("refuses a disk without room for the table or the drive", () => {
    expect(() => fitTable(gpt(disk.size), disk, undefined)).toThrow(/larger than the disk/)
    expect(() => fitTable(gpt(disk.size - MiB), disk, 1000)).toThrow(/no room/)
    expect(() => fitTable(gpt(disk.size - MiB), disk, undefined)).not.toThrow()
  })
  it("refuses a table for another sector size", () => {
    expect(() => fitTable(gpt(100 * MiB), { ...disk, sectorSize: 4096 }, undefined)).toThrow(/sectors of 512 bytes/)
  })
})

describe("MBR", () => {
  it("adds a primary partition at the end", () => {
    const head = mbr([{ type: 0x83, first: 2048, sectors: 100 * 2048 }])
    expect(fitTable(head, disk, 70 * MiB).configDriveAt).toBe(disk.size - 70 * MiB)
    expect(head.readUInt8(462 + 4)).toBe(0x83)
    expect(head.readUInt32LE(462 + 12)).toBe(70 * 2048)
  })
  it("stays below what 32 bits of sectors reach", () => {
    const large = { size: 4 * 1024 ** 4, sectorSize: 512 }
    const at = fitTable(mbr([{ type: 0x83, first: 2048, sectors: 2048 }]), large, 1).configDriveAt!
    expect(at + 64 * MiB).toBeLessThanOrEqual(2 ** 32 * 512)
  })
  it("refuses four used entries, and a disk without any", () => {
    const four = [1, 2, 3, 4].map((at) => ({ type: 0x83, first: at * 2048, sectors: 2048 }))
    expect(() => fitTable(mbr(four), disk, 1)).toThrow(/no room/)
    expect(() => fitTable(Buffer.alloc(MiB), disk, 1)).toThrow(/no partition table/)
    expect(fitTable(Buffer.alloc(MiB), disk, undefined)).toEqual({ tail: undefined, configDriveAt: undefined })
  })
})

it("throws nothing but its own errors on any table", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2048, maxLength: 2048 }), fc.boolean(), (bytes, hasGpt) => {
      const head = hasGpt ? gpt(100 * MiB) : mbr([])
      head.set(bytes.subarray(0, 400), hasGpt ? 512 + 12 : 446 - 300)
      try {
        fitTable(head, disk, 1)
      } catch (error) {
        expect(error).toBeInstanceOf(BifrostError)
      }
    }),
  )
})
