import { basename } from "node:path"
import { gunzipSync } from "node:zlib"
import type { Clock } from "../../util/clock.ts"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { alignedBuffers, type BlockDevice, clearEnds, openDevice, rereadPartitions } from "../disk/device.ts"
import { fitTable } from "../disk/table.ts"
import { agentErrors } from "../errors.ts"
import type { ImageInfo, InventoryDisk, WriteImageArgs, WriteImageResult } from "../protocol.ts"
import type { KernelFiles } from "../sysfs.ts"
import { placeClusters } from "./clusters.ts"
import { decompress, type Encoding, recognise, zstdContentSize } from "./decompress.ts"
import { type Checksum, checksumFromFile, checksumOf } from "./hash.ts"
import { HEADER_BYTES, parseHeader, readMap } from "./qcow2.ts"
import { fetchText, ImageSource, PATIENCE_MS, type SourceOptions } from "./source.ts"
import { type Report, Transfer } from "./transfer.ts"
import { DiskWriter, HEAD } from "./writer.ts"

export interface WriteContext {
  readonly files: KernelFiles
  readonly clock: Clock
  readonly signal?: AbortSignal
  readonly report: Report
  readonly log: (line: string) => void
}

/** A checksums file of a whole distribution, and a config drive with room for a few files. */
const CHECKSUMS_LIMIT = 1024 * 1024
const CONFIG_DRIVE_LIMIT = 64 * 1024 * 1024

/**
 * Streams an image onto a disk and makes it ready to boot. The disk boots nothing until the image has proved right:
 * its first MiB is written last.
 */
export async function writeImage(
  args: WriteImageArgs,
  disk: InventoryDisk,
  context: WriteContext,
): Promise<WriteImageResult> {
  const { clock, log } = context
  const started = clock.now()
  const sourceOptions = { clock, signal: context.signal, onRetry: (reason: string) => log(`image: ${reason}`) }
  const checksum = await resolveChecksum(args.image_info, sourceOptions)
  const configDrive = await readConfigDrive(args.configdrive, sourceOptions)
  const source = await firstAnswering(args.image_info, sourceOptions)
  const encoding = await examine(source, args.image_info, disk)
  const device = await openDevice(context.files, disk)
  const writer = new DiskWriter(device)
  const transfer = new Transfer(source, writer, checksum?.algorithm, context)
  try {
    await clearEnds(device)
    log(`write_image: ${source.url} (${encoding}) to ${disk.name}`)
    const virtualSize =
      encoding === "qcow2" ? await writeQcow2(source, transfer, writer) : await writeStream(encoding, transfer, writer)
    await writer.flush()
    verify(await transfer.digest(), checksum, source.url)
    await finish(device, writer, configDrive)
    transfer.report("image written and verified")
    return {
      device: disk.name,
      transferred: transfer.done,
      virtual_size: virtualSize,
      written: writer.written,
      skipped: writer.skipped,
      seconds: (clock.now() - started) / 1000,
      message: `write_image: image (${args.image_info.id}) written to device ${disk.name}`,
    }
  } finally {
    await writer.settle()
    await device.close()
    await transfer.close()
    await rereadPartitions(device.path).catch((error) => log(`partitions of ${disk.name}: ${messageOf(error)}`))
  }
}

async function writeStream(
  encoding: Exclude<Encoding, "qcow2">,
  transfer: Transfer,
  writer: DiskWriter,
): Promise<number> {
  let at = 0
  for await (const piece of decompress(encoding, transfer.bytes())) {
    await writer.write(at, piece)
    at += piece.length
  }
  return at
}

async function writeQcow2(source: ImageSource, transfer: Transfer, writer: DiskWriter): Promise<number> {
  const map = await readMap((from, to) => source.range(from, to), source.size)
  await placeClusters(map, transfer.bytes(), writer)
  return map.header.virtualSize
}

async function resolveChecksum(image: ImageInfo, options: SourceOptions): Promise<Checksum | undefined> {
  const checksum = checksumOf(image)
  if (!checksum || !/^https?:/.test(checksum.value)) return checksum
  const names = image.urls.map((url) => basename(URL.parse(url)?.pathname ?? url))
  const text = await fetchText(checksum.value, options, CHECKSUMS_LIMIT)
  const value = names.map((name) => checksumFromFile(text, name)).find((found) => found !== undefined)
  if (value !== undefined) return checksumOf({ ...image, os_hash_value: value })
  const expected = `a line for ${names.join(" or ")}`
  throw new BifrostError(agentErrors.CHECKSUM_UNSUPPORTED, { detail: `${checksum.value} names no such file`, expected })
}

/** The ISO 9660 image inside: gzip + base64, or the URL of such a text. */
async function readConfigDrive(value: string | null | undefined, options: SourceOptions): Promise<Buffer | undefined> {
  if (!value) return undefined
  const text = /^https?:\/\//.test(value) ? await fetchText(value, options, CONFIG_DRIVE_LIMIT) : value
  try {
    return gunzipSync(Buffer.from(text, "base64"), { maxOutputLength: CONFIG_DRIVE_LIMIT })
  } catch (cause) {
    throw new BifrostError(agentErrors.BAD_ARGUMENT, { detail: "configdrive", expected: "gzip + base64", cause })
  }
}

/** The first of the image's URLs that answers; the last one's failure when none does. They share the patience. */
async function firstAnswering(image: ImageInfo, options: SourceOptions): Promise<ImageSource> {
  let failure: unknown = new BifrostError(agentErrors.BAD_ARGUMENT, { detail: "image_info.urls is empty" })
  for (const url of image.urls) {
    const source = new ImageSource(url, { ...options, patienceMs: PATIENCE_MS / image.urls.length })
    try {
      await source.range(0, HEADER_BYTES)
      return source
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/** What the image is, and whether it can fit, before anything on the disk is touched. */
async function examine(source: ImageSource, image: ImageInfo, disk: InventoryDisk): Promise<Encoding> {
  const head = await source.range(0, HEADER_BYTES)
  const encoding = recognise(head)
  const isQcow2 = encoding === "qcow2"
  if (image.disk_format !== undefined && isQcow2 !== (image.disk_format === "qcow2")) {
    // A raw image whose guest wrote a qcow2 header would else be opened as one.
    const expected = `disk_format ${image.disk_format}`
    throw new BifrostError(agentErrors.IMAGE_UNSUPPORTED, { detail: `the file is ${encoding}`, expected })
  }
  const known = [
    image.virtual_size,
    isQcow2 ? parseHeader(head).virtualSize : undefined,
    encoding === "plain" ? source.size : undefined,
    encoding === "zstd" ? zstdContentSize(head) : undefined,
  ]
  const size = Math.max(0, ...known.filter((each) => each !== undefined))
  if (size > disk.size) {
    const detail = `${size} bytes`
    throw new BifrostError(agentErrors.IMAGE_TOO_LARGE, { detail, expected: `at most ${disk.size} for ${disk.name}` })
  }
  if (image.size !== undefined && source.size !== undefined && image.size !== source.size) {
    const detail = `${source.url} has ${source.size} bytes`
    throw new BifrostError(agentErrors.IMAGE_UNAVAILABLE, { detail, expected: `${image.size} bytes` })
  }
  return encoding
}

function verify(digest: string | undefined, checksum: Checksum | undefined, url: string): void {
  if (!checksum || digest === checksum.value) return
  const detail = `${url} has ${checksum.algorithm} ${digest}`
  throw new BifrostError(agentErrors.CHECKSUM_MISMATCH, { detail, expected: checksum.value })
}

/** Config drive, then GPT's copy; and only when these are on the medium, the first MiB that makes it all count. */
async function finish(device: BlockDevice, writer: DiskWriter, configDrive: Buffer | undefined): Promise<void> {
  const plan = fitTable(writer.head, device, configDrive?.length)
  if (configDrive && plan.configDriveAt !== undefined) await writeAligned(device, plan.configDriveAt, configDrive)
  if (plan.tail) await writeAligned(device, plan.tail.position, plan.tail.bytes)
  await device.sync()
  await device.write(writer.head.subarray(0, Math.min(HEAD, device.size)), 0)
  await device.sync()
}

/** Any bytes at a whole sector; the last sector is filled up with zeros. */
async function writeAligned(device: BlockDevice, position: number, bytes: Buffer): Promise<void> {
  const length = Math.ceil(bytes.length / device.sectorSize) * device.sectorSize
  const [buffer] = alignedBuffers(1, length)
  bytes.copy(buffer!)
  await device.write(buffer!, position)
}
