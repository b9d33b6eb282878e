import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
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

it("reads what is shorter than the furthest magic", async () => {
  const dir = await mkdtemp(join(tmpdir(), "bifrost-fs-"))
  try {
    await writeFile(join(dir, "partition"), head("\x53\xef", 0x438).subarray(0, 4096))
    expect((await fileSystemOf(join(dir, "partition")))?.type).toBe("ext4")
  } finally {
    await rm(dir, { recursive: true })
  }
})
