import { constants } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { basename } from "node:path"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { run } from "../../util/run.ts"
import { agentErrors } from "../errors.ts"
import type { InventoryDisk } from "../protocol.ts"
import type { KernelFiles } from "../sysfs.ts"

/** The disk being written: absolute writes, and zeros by the device itself where it can. */
export interface BlockDevice {
  readonly path: string
  /** Bytes. */
  readonly size: number
  readonly sectorSize: number
  /** True when `zero` costs the device next to nothing. */
  readonly zeroesFast: boolean
  /** Bytes from an aligned buffer (see alignedBuffers) when it is opened for direct writes. */
  write(bytes: Buffer, position: number): Promise<void>
  zero(start: number, length: number): Promise<void>
  /** Returns when everything is on the medium. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** O_DIRECT wants memory, offset and length in whole sectors; pages satisfy every disk. */
export const ALIGNMENT = 4096

/** @types/node has WebAssembly's types but not its values. */
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (size: { initial: number }) => PageMemory } })
  .WebAssembly
interface PageMemory {
  readonly buffer: ArrayBuffer
}
const WASM_PAGE = 65536

/**
 * Buffers for direct writes. Node cannot align memory, but WebAssembly memory begins on a page of its own.
 * Bypassing the page cache keeps a machine of 1 GB from filling its memory with dirty pages.
 */
export function alignedBuffers(count: number, size: number): Buffer[] {
  const memory = new Memory({ initial: Math.ceil((count * size) / WASM_PAGE) })
  return Array.from({ length: count }, (_, index) => Buffer.from(memory.buffer, index * size, size))
}

export async function openDevice(files: KernelFiles, disk: InventoryDisk): Promise<BlockDevice> {
  const path = files.path(disk.name)
  const file = await openForWriting(path)
  const isBlockDevice = (await file.stat()).isBlockDevice()
  const fail = (what: string, cause: unknown) =>
    new BifrostError(agentErrors.DISK_FAILED, { detail: `${disk.name}: ${what}: ${messageOf(cause)}`, cause })
  const offload = files.number(`sys/block/${basename(disk.name)}/queue/write_zeroes_max_bytes`) ?? 0
  return {
    path,
    size: disk.size,
    sectorSize: disk.logical_sectors,
    zeroesFast: isBlockDevice && offload > 0,
    async write(bytes, position) {
      for (let done = 0; done < bytes.length; ) {
        try {
          const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
          done += bytesWritten
        } catch (cause) {
          throw fail(`${bytes.length} bytes at ${position}`, cause)
        }
      }
    },
    async zero(start, length) {
      try {
        await run("blkdiscard", ["-f", "-z", "-o", String(start), "-l", String(length), path])
      } catch (cause) {
        throw fail(`zeroing ${length} bytes at ${start}`, cause)
      }
    },
    sync: () => file.sync().catch((cause) => Promise.reject(fail("sync", cause))),
    close: () => file.close(),
  }
}

async function openForWriting(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR | constants.O_DIRECT)
  } catch (cause) {
    // Not every file system (tmpfs) has direct writes.
    if ((cause as NodeJS.ErrnoException).code === "EINVAL") return await open(path, constants.O_RDWR)
    throw new BifrostError(agentErrors.DISK_FAILED, { detail: `${path}: ${messageOf(cause)}`, cause })
  }
}

/** Tells the kernel of the new partitions; devtmpfs makes their nodes at once. A plain file has none. */
export async function rereadPartitions(path: string): Promise<void> {
  const file = await open(path, "r")
  const isBlockDevice = (await file.stat()).isBlockDevice()
  await file.close()
  if (isBlockDevice) await run("partx", ["--update", path])
}

/** Where partition tables, RAID and file-system signatures are: the first MiB, and the last with GPT's copy. */
export const METADATA = 1024 * 1024

/** Takes partition tables away, of the whole disk; the data between stays. */
export async function wipeMetadata(files: KernelFiles, disk: InventoryDisk): Promise<void> {
  const device = await openDevice(files, disk)
  try {
    await clearEnds(device)
  } finally {
    await device.close()
  }
}

export async function clearEnds(device: BlockDevice): Promise<void> {
  const [zeros] = alignedBuffers(1, METADATA)
  const end = Math.floor(device.size / device.sectorSize) * device.sectorSize
  await device.write(zeros!.subarray(0, Math.min(METADATA, end)), 0)
  if (end > METADATA)
    await device.write(zeros!.subarray(0, Math.min(METADATA, end - METADATA)), end - Math.min(METADATA, end - METADATA))
  await device.sync()
}
