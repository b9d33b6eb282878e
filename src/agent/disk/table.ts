import { randomBytes } from "node:crypto"
import { crc32 } from "node:zlib"
import { BifrostError } from "../../util/errors.ts"
import { agentErrors } from "../errors.ts"

/** What goes where after the image: the partition table fitted to the disk, with a place for the config drive. */
export interface TablePlan {
  /** Bytes of the disk's end: GPT's copy. */
  readonly tail: { readonly position: number; readonly bytes: Buffer } | undefined
  /** Byte offset of the config drive's partition. */
  readonly configDriveAt: number | undefined
}

export interface DiskGeometry {
  /** Bytes. */
  readonly size: number
  readonly sectorSize: number
}

const MiB = 1024 * 1024
/** A partition of at least this size: what Ironic makes, and what images expect. */
const CONFIG_DRIVE = 64 * MiB
const LABEL = "config-2"

/**
 * Fits the partition table in `head` (the disk's first MiB, changed in place) to the disk: GPT's copy moves to the
 * disk's end, and a partition `config-2` for `configDriveBytes` is added there.
 */
export function fitTable(head: Buffer, disk: DiskGeometry, configDriveBytes: number | undefined): TablePlan {
  const room = configDriveBytes === undefined ? undefined : Math.max(CONFIG_DRIVE, alignUp(configDriveBytes, MiB))
  if (isGpt(head, disk.sectorSize)) return fitGpt(head, disk, room)
  const other = [512, 4096].find((size) => isGpt(head, size))
  if (other !== undefined) {
    const detail = `its GPT is for sectors of ${other} bytes`
    throw new BifrostError(agentErrors.NO_PARTITION_TABLE, { detail, expected: `sectors of ${disk.sectorSize} bytes` })
  }
  if (room === undefined) return { tail: undefined, configDriveAt: undefined }
  if (head.readUInt16LE(510) !== 0xaa55 || mbrEntries(head).every(({ type }) => type === 0)) {
    throw new BifrostError(agentErrors.NO_PARTITION_TABLE)
  }
  return { tail: undefined, configDriveAt: addToMbr(head, disk, room) }
}

const alignUp = (value: number, to: number) => Math.ceil(value / to) * to
const alignDown = (value: number, to: number) => Math.floor(value / to) * to
const isGpt = (head: Buffer, sectorSize: number) =>
  head.toString("latin1", sectorSize, sectorSize + 8) === "EFI PART" && head.readUInt32LE(sectorSize + 12) >= 92

/** Field offsets of the GPT header, UEFI 2.10 §5.3.2 table 5-5. */
const gpt = {
  headerSize: 12,
  headerCrc: 16,
  myLba: 24,
  alternateLba: 32,
  lastUsableLba: 48,
  entriesLba: 72,
  entryCount: 80,
  entrySize: 84,
  entriesCrc: 88,
} as const
/** Field offsets of a partition entry, table 5-6. */
const entry = { type: 0, id: 16, firstLba: 32, lastLba: 40, name: 56 } as const
/** 0FC63DAF-8483-4772-8E79-3D69D8477DE4, Linux file system data; the first three fields are little endian. */
const linuxData = Buffer.from("af3dc60f838472478e793d69d8477de4", "hex")

function fitGpt(head: Buffer, { size, sectorSize }: DiskGeometry, room: number | undefined): TablePlan {
  const header = head.subarray(sectorSize, sectorSize * 2)
  const entryCount = header.readUInt32LE(gpt.entryCount)
  const entrySize = header.readUInt32LE(gpt.entrySize)
  const entriesAt = Number(header.readBigUInt64LE(gpt.entriesLba)) * sectorSize
  const entriesBytes = entryCount * entrySize
  if (entrySize < 128 || entriesAt < sectorSize * 2 || entriesAt + entriesBytes > head.length) {
    const detail = `GPT with ${entryCount} entries of ${entrySize} bytes at ${entriesAt}`
    throw new BifrostError(agentErrors.NO_PARTITION_TABLE, { detail })
  }
  const entries = head.subarray(entriesAt, entriesAt + entriesBytes)
  const sectors = Math.floor(size / sectorSize)
  const entriesSectors = Math.ceil(entriesBytes / sectorSize)
  const lastUsable = sectors - 2 - entriesSectors
  const used = partitionsOf(entries, entrySize)
  const end = Math.max(0, ...used.map(({ last }) => last))
  if (end > lastUsable) {
    const detail = `a partition of the image ends at byte ${(end + 1) * sectorSize}`
    throw new BifrostError(agentErrors.IMAGE_TOO_LARGE, { detail, expected: `at most ${size} bytes with the table` })
  }
  let configDriveAt: number | undefined
  if (room !== undefined) {
    const first = alignDown((lastUsable + 1) * sectorSize - room, MiB) / sectorSize
    const free = firstFree(entries, entrySize)
    if (first <= end || free === undefined) throw new BifrostError(agentErrors.NO_ROOM)
    writeEntry(free, first, first + room / sectorSize - 1)
    configDriveAt = first * sectorSize
  }
  header.writeBigUInt64LE(BigInt(lastUsable), gpt.lastUsableLba)
  header.writeBigUInt64LE(BigInt(sectors - 1), gpt.alternateLba)
  header.writeUInt32LE(crc32(entries), gpt.entriesCrc)
  const copy = Buffer.from(header)
  seal(header)
  copy.writeBigUInt64LE(BigInt(sectors - 1), gpt.myLba)
  copy.writeBigUInt64LE(1n, gpt.alternateLba)
  copy.writeBigUInt64LE(BigInt(sectors - 1 - entriesSectors), gpt.entriesLba)
  seal(copy)
  fitProtectiveMbr(head, sectors)
  const bytes = Buffer.alloc((entriesSectors + 1) * sectorSize)
  entries.copy(bytes)
  copy.copy(bytes, entriesSectors * sectorSize)
  return { tail: { position: (sectors - 1 - entriesSectors) * sectorSize, bytes }, configDriveAt }
}

function seal(header: Buffer): void {
  header.writeUInt32LE(0, gpt.headerCrc)
  header.writeUInt32LE(crc32(header.subarray(0, header.readUInt32LE(gpt.headerSize))), gpt.headerCrc)
}

function* entriesOf(entries: Buffer, entrySize: number): Generator<Buffer> {
  for (let at = 0; at + entrySize <= entries.length; at += entrySize) yield entries.subarray(at, at + entrySize)
}

const isFree = (slot: Buffer) => slot.subarray(entry.type, entry.type + 16).every((byte) => byte === 0)

function partitionsOf(entries: Buffer, entrySize: number): { last: number }[] {
  return [...entriesOf(entries, entrySize)]
    .filter((slot) => !isFree(slot))
    .map((slot) => ({ last: Number(slot.readBigUInt64LE(entry.lastLba)) }))
}

const firstFree = (entries: Buffer, entrySize: number) => [...entriesOf(entries, entrySize)].find(isFree)

function writeEntry(slot: Buffer, first: number, last: number): void {
  slot.fill(0)
  linuxData.copy(slot, entry.type)
  const id = randomBytes(16)
  // RFC 9562 §5.4: version 4, variant 10; GUIDs on disk have their first fields in little endian.
  id[7] = (id[7]! & 0x0f) | 0x40
  id[8] = (id[8]! & 0x3f) | 0x80
  id.copy(slot, entry.id)
  slot.writeBigUInt64LE(BigInt(first), entry.firstLba)
  slot.writeBigUInt64LE(BigInt(last), entry.lastLba)
  slot.write(LABEL, entry.name, "utf16le")
}

/** UEFI 2.10 §5.2.3: the one entry of type EEh covers the disk, as far as 32 bits reach. */
function fitProtectiveMbr(head: Buffer, sectors: number): void {
  for (const { at, type, first } of mbrEntries(head)) {
    if (type === 0xee && first === 1) head.writeUInt32LE(Math.min(sectors - 1, 0xffff_ffff), at + 12)
  }
}

function mbrEntries(head: Buffer) {
  return [446, 462, 478, 494].map((at) => ({
    at,
    type: head.readUInt8(at + 4),
    first: head.readUInt32LE(at + 8),
    sectors: head.readUInt32LE(at + 12),
  }))
}

/** Adds a primary partition at the end of what an MBR can address; returns its byte offset. */
function addToMbr(head: Buffer, { size, sectorSize }: DiskGeometry, room: number): number {
  const entries = mbrEntries(head)
  const free = entries.find(({ type }) => type === 0)
  const end = Math.max(...entries.filter(({ type }) => type !== 0).map(({ first, sectors }) => first + sectors))
  const reach = Math.min(Math.floor(size / sectorSize), 0xffff_ffff)
  const first = alignDown(reach * sectorSize - room, MiB) / sectorSize
  if (!free || first < end) throw new BifrostError(agentErrors.NO_ROOM)
  head.fill(0, free.at, free.at + 16)
  // CHS fields that say "see the LBA fields".
  Buffer.from("feffff", "hex").copy(head, free.at + 1)
  head.writeUInt8(0x83, free.at + 4)
  Buffer.from("feffff", "hex").copy(head, free.at + 5)
  head.writeUInt32LE(first, free.at + 8)
  head.writeUInt32LE(room / sectorSize, free.at + 12)
  return first * sectorSize
}
