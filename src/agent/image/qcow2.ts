import zlib from "node:zlib"
import { BifrostError } from "../../util/errors.ts"
import { agentErrors } from "../errors.ts"

/**
 * qcow2 (QEMU's docs/interop/qcow2.rst), read in one pass over the file. Its tables say where in the disk each part of
 * the file belongs; they are read first, by ranges. Then the file streams by once, in its own order, is hashed on the
 * way, and every cluster goes to its place on the disk.
 */
export interface Qcow2Header {
  readonly version: 2 | 3
  readonly clusterSize: number
  readonly virtualSize: number
  readonly compression: "deflate" | "zstd"
  readonly l1: { readonly offset: number; readonly entries: number }
}

/** A part of the file, in file order, and what it is for. */
export type Extent =
  | { readonly kind: "data"; readonly host: number; readonly length: number; readonly guest: number }
  | { readonly kind: "compressed"; readonly host: number; readonly length: number; readonly guest: number }
  /** A table that was read before: it must be the same when the file streams by, as only that is hashed. */
  | { readonly kind: "table"; readonly host: number; readonly length: number; readonly bytes: Buffer }

export interface Qcow2Map {
  readonly header: Qcow2Header
  /** By `host`. Guest space that none covers reads as zeros. */
  readonly extents: readonly Extent[]
}

export type ReadRange = (start: number, end: number) => Promise<Buffer>

const broken = (detail: string) => new BifrostError(agentErrors.IMAGE_BROKEN, { detail: `qcow2: ${detail}` })
const unsupported = (detail: string) =>
  new BifrostError(agentErrors.IMAGE_UNSUPPORTED, { detail: `qcow2 with ${detail}` })

/** Incompatible features (v3 header, bytes 72–79). Dirty (0) only says that reference counts may be stale. */
const incompatible: readonly (readonly [bigint, string])[] = [
  [1n << 1n, "the corrupt bit set"],
  [1n << 2n, "an external data file"],
  [1n << 4n, "extended L2 entries"],
]
const KNOWN_FEATURES = 0b1_1111n
const COMPRESSION_TYPE = 1n << 3n

/** Bytes of the file that `parseHeader` needs. */
export const HEADER_BYTES = 112
const LARGEST_VIRTUAL = 2 ** 50

export function parseHeader(bytes: Buffer): Qcow2Header {
  if (bytes.length < 72 || bytes.toString("latin1", 0, 4) !== "QFI\xfb") throw broken("the header is cut or not there")
  const version = bytes.readUInt32BE(4)
  if (version !== 2 && version !== 3) throw unsupported(`version ${version}`)
  if (bytes.readBigUInt64BE(8) !== 0n) throw unsupported("a backing file")
  const clusterBits = bytes.readUInt32BE(20)
  if (clusterBits < 9 || clusterBits > 21) throw broken(`cluster_bits ${clusterBits}`)
  if (bytes.readUInt32BE(32) !== 0) throw unsupported("encryption")
  if (version === 3 && bytes.length < 104) throw broken("the header is cut")
  const features = version === 3 ? bytes.readBigUInt64BE(72) : 0n
  const bad = incompatible.find(([bit]) => features & bit)
  if (bad) throw unsupported(bad[1])
  if (features & ~KNOWN_FEATURES) throw unsupported(`unknown features 0x${features.toString(16)}`)
  const compressionType = features & COMPRESSION_TYPE ? bytes.readUInt8(104) : 0
  if (compressionType > 1) throw unsupported(`compression type ${compressionType}`)
  const virtualSize = Number(bytes.readBigUInt64BE(24))
  const l1 = { offset: Number(bytes.readBigUInt64BE(40)), entries: bytes.readUInt32BE(36) }
  const clusterSize = 1 << clusterBits
  const needed = Math.ceil(virtualSize / (clusterSize * (clusterSize / 8)))
  if (virtualSize > LARGEST_VIRTUAL || l1.entries < needed || l1.offset % clusterSize !== 0) {
    throw broken(`a disk of ${virtualSize} bytes with an L1 table of ${l1.entries} entries at ${l1.offset}`)
  }
  return {
    version,
    clusterSize,
    virtualSize,
    compression: compressionType === 1 ? "zstd" : "deflate",
    l1: { offset: l1.offset, entries: needed },
  }
}

const OFFSET = 0x00ff_ffff_ffff_fe00n
const COMPRESSED = 1n << 62n
const ZERO = 1n

/** Reads all tables. Memory: 8 bytes a cluster of the virtual disk, and one extent for each run of clusters. */
export async function readMap(read: ReadRange, fileSize = Number.MAX_SAFE_INTEGER): Promise<Qcow2Map> {
  const header = parseHeader(await read(0, HEADER_BYTES))
  const extents: Extent[] = []
  const table = async (offset: number, bytes: number) => {
    if (offset + bytes > fileSize) throw broken(`a table at ${offset} lies beyond the file's end`)
    const content = await read(offset, offset + bytes)
    if (content.length < bytes) throw broken(`a table at ${offset} is cut`)
    extents.push({ kind: "table", host: offset, length: bytes, bytes: content })
    return content
  }
  if (header.l1.entries === 0) return { header, extents }
  const l1 = await table(header.l1.offset, header.l1.entries * 8)
  const perTable = header.clusterSize / 8
  for (let index = 0; index < header.l1.entries; index++) {
    const offset = Number(l1.readBigUInt64BE(index * 8) & OFFSET)
    if (offset === 0) continue
    if (offset % header.clusterSize !== 0) throw broken(`an L2 table at ${offset}`)
    addTable(header, extents, await table(offset, header.clusterSize), index * perTable * header.clusterSize)
  }
  extents.sort((a, b) => a.host - b.host)
  return { header, extents }
}

/** Adds the extents of one L2 table, whose first entry is for guest offset `base`. */
function addTable(header: Qcow2Header, extents: Extent[], table: Buffer, base: number): void {
  const { clusterSize, virtualSize } = header
  let run: { host: number; length: number; guest: number } | undefined
  const endRun = () => {
    if (run) extents.push({ kind: "data", ...run })
    run = undefined
  }
  for (let entry = 0; entry < clusterSize / 8; entry++) {
    const guest = base + entry * clusterSize
    if (guest >= virtualSize) break
    const value = table.readBigUInt64BE(entry * 8)
    if (value & COMPRESSED) {
      endRun()
      extents.push({ kind: "compressed", guest, ...compressedPlace(value, clusterSize) })
      continue
    }
    const host = Number(value & OFFSET)
    if (host === 0 || (header.version === 3 && value & ZERO)) {
      endRun()
      continue
    }
    if (host % clusterSize !== 0) throw broken(`a cluster at ${host}`)
    // Runs stay short enough to be handled in one piece of memory.
    if (run && run.host + run.length === host && run.length < RUN) run.length += clusterSize
    else {
      endRun()
      run = { host, length: clusterSize, guest }
    }
  }
  endRun()
}

const RUN = 1024 * 1024

/** "Compressed Clusters Descriptor": x = 62 - (cluster_bits - 8) bits of offset, then sectors beyond the first. */
function compressedPlace(value: bigint, clusterSize: number): { host: number; length: number } {
  const offsetBits = BigInt(62 - (Math.log2(clusterSize) - 8))
  const host = Number(value & ((1n << offsetBits) - 1n))
  const sectors = Number((value & (COMPRESSED - 1n)) >> offsetBits) + 1
  return { host, length: sectors * 512 - (host % 512) }
}

/** One cluster; the compressed data may be followed by bytes of its neighbour. */
export function inflateCluster(header: Qcow2Header, bytes: Buffer): Buffer {
  const { clusterSize } = header
  try {
    const content = header.compression === "zstd" ? unzstd(bytes, clusterSize) : inflate(bytes, clusterSize)
    if (content.length < clusterSize) throw new Error(`${content.length} of ${clusterSize} bytes`)
    return content
  } catch (cause) {
    throw new BifrostError(agentErrors.IMAGE_BROKEN, { detail: "qcow2: a compressed cluster cannot be read", cause })
  }
}

const inflate = (bytes: Buffer, clusterSize: number) =>
  zlib.inflateRawSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: clusterSize })

/** zstd stops at its frame's end by itself where it may; what follows is cut off by the frame's own block sizes. */
function unzstd(bytes: Buffer, clusterSize: number): Buffer {
  return zlib.zstdDecompressSync(bytes.subarray(0, zstdFrameLength(bytes)), { maxOutputLength: clusterSize })
}

/** RFC 8878 §3.1.1: frame header, then blocks whose 3-byte headers tell last, type and size; then a checksum. */
export function zstdFrameLength(bytes: Buffer): number {
  const descriptor = bytes.readUInt8(4)
  const singleSegment = (descriptor >> 5) & 1
  const contentBytes = [singleSegment, 2, 4, 8][descriptor >> 6] ?? 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  let at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes + contentBytes
  for (;;) {
    const block = bytes.readUIntLE(at, 3)
    const isRle = ((block >> 1) & 3) === 1
    at += 3 + (isRle ? 1 : block >> 3)
    if (block & 1) break
  }
  return at + (descriptor & 4 ? 4 : 0)
}
