import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { expect, it } from "vitest"
import { fileSystemOf, recogniseFileSystem } from "../../../src/agent/boot/file-system.ts"

/** The first 70 000 bytes of a partition with nothing but a magic. */
function head(magic: string, at: number): Buffer {
  const bytes = Buffer.alloc(70_000)
  bytes.write(magic, at, "latin1")
  return bytes
}

it.for([
  ["ext4", "\x53\xef", 0x438, "ro,noload"],
  ["xfs", "XFSB", 0, "ro,norecovery"],
  ["btrfs", "_BHRfS_M", 0x10040, "ro"],
  ["vfat", "FAT16   ", 0x36, "ro"],
  ["vfat", "FAT32   ", 0x52, "ro"],
] as const)("knows %s by %j at %i", ([type, magic, at, options]) => {
  expect(recogniseFileSystem(head(magic, at))).toMatchObject({ type, options })
})

it("takes nothing for a file system that is none, or too short to be one", () => {
  expect(recogniseFileSystem(Buffer.alloc(70_000))).toBeUndefined()
  expect(recogniseFileSystem(Buffer.alloc(0))).toBeUndefined()
})

it("names a file system only by a magic that is there, wherever the bytes end", () => {
  const magics = fc.constantFrom("\x53\xef", "XFSB", "_BHRfS_M", "FAT16   ", "FAT", "BHR")
  const places = fc.constantFrom(0x438, 0, 0x10040, 0x36, 0x52, 0x437)
  fc.assert(
    fc.property(magics, places, fc.nat(70_000), fc.uint8Array({ maxLength: 100 }), (magic, at, length, start) => {
      const bytes = head(magic, at)
      if (at > start.length) bytes.set(start)
      const found = recogniseFileSystem(bytes.subarray(0, length))
      if (found) expect(bytes.subarray(found.at, Math.min(length, found.at + found.magic.length))).toEqual(found.magic)
    }),
    { numRuns: 500 },
  )
})

it("reads what is shorter than the furthest magic", async () => {
  const dir = await mkdtemp(join(tmpdir(), "bifrost-fs-"))
  try {
    await writeFile(join(dir, "partition"), head("\x53\xef", 0x438).subarray(0, 4096))
    expect((await fileSystemOf(join(dir, "partition")))?.type).toBe("ext4")
  } finally {
    await rm(dir, { recursive: true })
  }
})
