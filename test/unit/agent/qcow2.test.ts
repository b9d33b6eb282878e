import { zstdCompressSync } from "node:zlib"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseHeader, readMap, zstdFrameLength } from "../../../src/agent/image/qcow2.ts"
import { BifrostError } from "../../../src/util/errors.ts"

/** A version 3 header with 64 KiB clusters, 1 GiB, L1 at 196608. */
function header(change: (bytes: Buffer) => void = () => {}): Buffer {
  const bytes = Buffer.alloc(112)
  bytes.write("QFI\xfb", "latin1")
  bytes.writeUInt32BE(3, 4)
  bytes.writeUInt32BE(16, 20)
  bytes.writeBigUInt64BE(1n << 30n, 24)
  bytes.writeUInt32BE(2, 36)
  bytes.writeBigUInt64BE(196_608n, 40)
  bytes.writeUInt32BE(104, 100)
  change(bytes)
  return bytes
}

describe("parseHeader", () => {
  it("reads sizes and the table's place", () => {
    expect(parseHeader(header())).toEqual({
      version: 3,
      clusterSize: 65_536,
      virtualSize: 2 ** 30,
      compression: "deflate",
      l1: { offset: 196_608, entries: 2 },
    })
  })
  const refused: [string, (bytes: Buffer) => void][] = [
    ["a backing file", (bytes) => bytes.writeBigUInt64BE(400n, 8)],
    ["encryption", (bytes) => bytes.writeUInt32BE(2, 32)],
    ["an external data file", (bytes) => bytes.writeBigUInt64BE(4n, 72)],
    ["extended L2", (bytes) => bytes.writeBigUInt64BE(16n, 72)],
    ["the corrupt bit", (bytes) => bytes.writeBigUInt64BE(2n, 72)],
    ["unknown features", (bytes) => bytes.writeBigUInt64BE(1n << 40n, 72)],
    ["version 1", (bytes) => bytes.writeUInt32BE(1, 4)],
    ["cluster_bits 30", (bytes) => bytes.writeUInt32BE(30, 20)],
    ["an L1 table of 1 entries", (bytes) => bytes.writeUInt32BE(1, 36)],
  ]
  for (const [what, change] of refused) {
    it(`refuses ${what}`, () => expect(() => parseHeader(header(change))).toThrow(what))
  }
})

it("throws nothing but its own errors on any file", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 80, maxLength: 80 }),
      fc.uint8Array({ maxLength: 4096 }),
      async (a, b) => {
        const file = Buffer.concat([header((bytes) => bytes.set(a.subarray(0, 12), 20)), b])
        try {
          await readMap(async (from, to) => file.subarray(from, to), file.length)
        } catch (error) {
          expect(error).toBeInstanceOf(BifrostError)
        }
      },
    ),
  )
})

it("finds a zstd frame's end among the bytes of its neighbour", () => {
  for (const content of [Buffer.alloc(65_536), Buffer.from("text ".repeat(9000)), Buffer.alloc(1, 7)]) {
    const frame = zstdCompressSync(content)
    expect(zstdFrameLength(Buffer.concat([frame, Buffer.alloc(500, 0x5a)]))).toBe(frame.length)
  }
})
