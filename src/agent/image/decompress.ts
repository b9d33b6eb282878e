import { spawn } from "node:child_process"
import { pipeline, Readable } from "node:stream"
import zlib from "node:zlib"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { agentErrors } from "../errors.ts"

export type Encoding = "plain" | "gzip" | "zstd" | "xz" | "qcow2"

const magics: readonly (readonly [Encoding, Buffer])[] = [
  ["gzip", Buffer.from([0x1f, 0x8b])],
  ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ["qcow2", Buffer.from("QFI\xfb", "latin1")],
]

/** Formats that are known, are not raw, and must not be mistaken for a disk's first sector. */
const refused: readonly (readonly [string, Buffer])[] = [
  ["VMDK", Buffer.from("KDMV")],
  ["VHDX", Buffer.from("vhdxfile")],
  ["VHD", Buffer.from("conectix")],
  ["bzip2", Buffer.from("BZh")],
  ["7-Zip", Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c])],
  ["zip", Buffer.from("PK\x03\x04")],
]

/** What a file's first bytes say it is (RFC 1952 §2.3.1, RFC 8878 §3.1.1, the xz format §2.1.1, qcow2). */
export function recognise(head: Buffer): Encoding {
  const startsWith = ([, magic]: readonly [unknown, Buffer]) => head.subarray(0, magic.length).equals(magic)
  const bad = refused.find(startsWith)
  if (bad) throw new BifrostError(agentErrors.IMAGE_UNSUPPORTED, { detail: `it is ${bad[0]}` })
  return magics.find(startsWith)?.[0] ?? "plain"
}

/** What the first zstd frame says of its content (RFC 8878 §3.1.1.1.4); undefined when it does not. */
export function zstdContentSize(head: Buffer): number | undefined {
  if (head.length < 18) return undefined
  const descriptor = head.readUInt8(4)
  const singleSegment = (descriptor >> 5) & 1
  const at = 5 + (singleSegment ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0)
  const flag = descriptor >> 6
  if (flag === 0) return singleSegment ? head.readUInt8(at) : undefined
  if (flag === 1) return head.readUInt16LE(at) + 256
  return flag === 2 ? head.readUInt32LE(at) : Number(head.readBigUInt64LE(at))
}

const PIECE = 256 * 1024
/**
 * Room for several pieces lets the decoder's thread run ahead while the last ones are written: with Node's default of
 * 64 KiB it waits for its reader after each piece, and takes twice as long.
 */
const decoding = { chunkSize: PIECE, readableHighWaterMark: 4 * PIECE }

const decoders: Record<Exclude<Encoding, "qcow2">, (input: Readable) => Readable> = {
  plain: (input) => input,
  gzip: (input) => piped(input, zlib.createGunzip(decoding)),
  // 2^27: zstd's own limit without --long, and what `zstd --long` writes.
  zstd: (input) =>
    piped(input, zlib.createZstdDecompress({ ...decoding, params: { [zlib.constants.ZSTD_d_windowLogMax]: 27 } })),
  xz: unxz,
}

/** Decompresses a stream piece by piece; broken or short input ends it with IMAGE_BROKEN. */
export async function* decompress(
  encoding: Exclude<Encoding, "qcow2">,
  input: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const source = Readable.from(input, { objectMode: false, highWaterMark: PIECE })
  let fromSource: Error | undefined
  source.on("error", (error) => {
    fromSource = error
  })
  try {
    yield* decoders[encoding](source) as AsyncIterable<Buffer>
  } catch (cause) {
    // The transfer's own failure is the reason; the decoder only sees its input end.
    if (fromSource instanceof Error) throw fromSource
    if (cause instanceof BifrostError) throw cause
    throw new BifrostError(agentErrors.IMAGE_BROKEN, { detail: `${encoding}: ${messageOf(cause)}`, cause })
  } finally {
    source.destroy()
  }
}

function piped(input: Readable, decoder: zlib.Gunzip | zlib.ZstdDecompress): Readable {
  // The error reaches the reader through the decoder, which pipeline destroys with it.
  return pipeline(input, decoder, () => {})
}

/** Node has no xz; the ramdisk has the program. */
function unxz(input: Readable): Readable {
  const child = spawn("unxz", ["-c"], { stdio: ["pipe", "pipe", "pipe"] })
  let complaint = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text
  })
  child.on("error", (cause) => {
    const missing = new BifrostError(agentErrors.IMAGE_UNSUPPORTED, { detail: "unxz is not in this ramdisk", cause })
    child.stdout.destroy(missing)
  })
  pipeline(input, child.stdin, () => {})
  const exited = new Promise<number | null>((resolve) => {
    child.on("close", resolve)
  })
  async function* output() {
    try {
      yield* child.stdout
      const code = await exited
      if (code !== 0) throw new Error(complaint.trim() || `unxz ended with ${code}`)
    } finally {
      if (child.exitCode === null) child.kill()
    }
  }
  return Readable.from(output(), { objectMode: false })
}
