import { open } from "node:fs/promises"

export interface FileSystem {
  /** As mount(8) has it. */
  readonly type: string
  /** `noload` and `norecovery` keep a journal from being replayed: reading must not write. */
  readonly options: string
  /** What stands where in it. */
  readonly magic: Buffer
  readonly at: number
}

/** What systems are installed on. FAT's name is at another place in FAT12 and FAT16 than in FAT32. */
const fileSystems: readonly FileSystem[] = [
  { type: "ext4", options: "ro,noload", magic: Buffer.from([0x53, 0xef]), at: 1024 + 56 },
  { type: "xfs", options: "ro,norecovery", magic: Buffer.from("XFSB"), at: 0 },
  { type: "btrfs", options: "ro", magic: Buffer.from("_BHRfS_M"), at: 65536 + 64 },
  { type: "vfat", options: "ro", magic: Buffer.from("FAT"), at: 82 },
  { type: "vfat", options: "ro", magic: Buffer.from("FAT"), at: 54 },
]
const HEAD = 65536 + 72

/**
 * The file system on a partition, by its magic. Trying one mount after the other would load the driver of each, and
 * those of btrfs measure the processor first: seconds on a slow machine.
 */
export async function fileSystemOf(device: string): Promise<FileSystem | undefined> {
  const file = await open(device, "r")
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0)
    return recogniseFileSystem(buffer.subarray(0, bytesRead))
  } finally {
    await file.close()
  }
}

export function recogniseFileSystem(head: Buffer): FileSystem | undefined {
  return fileSystems.find(({ magic, at }) => head.subarray(at, at + magic.length).equals(magic))
}
