import { createHash, randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { checksumFromFile, checksumOf, StreamHash } from "../../../src/agent/image/hash.ts"

const hex = "ab".repeat(32)

describe("checksumOf", () => {
  const image = { id: "i", urls: [] }
  it("takes sha256 and sha512 by name or length, and URLs", () => {
    expect(checksumOf(image)).toBeUndefined()
    expect(checksumOf({ ...image, checksum: hex.toUpperCase() })).toEqual({ algorithm: "sha256", value: hex })
    expect(checksumOf({ ...image, os_hash_value: hex + hex })?.algorithm).toBe("sha512")
    const url = "http://127.0.0.1/SHA512SUMS"
    expect(checksumOf({ ...image, os_hash_algo: "sha512", os_hash_value: url })?.value).toBe(url)
  })
  it("refuses md5, and values that are none", () => {
    expect(() => checksumOf({ ...image, checksum: "d41d8cd98f00b204e9800998ecf8427e" })).toThrow(/not accepted/)
    expect(() => checksumOf({ ...image, os_hash_algo: "md5", os_hash_value: hex })).toThrow(/md5/)
    expect(() => checksumOf({ ...image, os_hash_algo: "sha512", os_hash_value: hex })).toThrow(/128/)
  })
})

it("finds an image in a checksums file of any make", () => {
  expect(checksumFromFile(`${"0".repeat(64)}  other\n${hex} *disk.raw\n`, "disk.raw")).toBe(hex)
  expect(checksumFromFile(`SHA256 (disk.raw) = ${hex}\n`, "disk.raw")).toBe(hex)
  expect(checksumFromFile(`${hex}\n`, "disk.raw")).toBe(hex)
  expect(checksumFromFile(`${hex}  other\n`, "disk.raw")).toBeUndefined()
})

it("hashes on its own thread what a plain hash hashes, in pieces of any size", async () => {
  const content = randomBytes(20 * 1024 * 1024 + 17)
  const hash = new StreamHash("sha512")
  for (let at = 0, size = 1; at < content.length; at += size, size = (size * 7) % 3_000_017) {
    await hash.update(content.subarray(at, at + size))
  }
  expect(await hash.digest()).toBe(createHash("sha512").update(content).digest("hex"))
})
