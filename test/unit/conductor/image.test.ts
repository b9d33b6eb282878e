import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, describe, expect, test } from "vitest"
import { findChecksum } from "../../../src/conductor/image/checksum.ts"
import { imageSource, resolveImage } from "../../../src/conductor/image/resolve.ts"
import type { NodeRecord } from "../../../src/store/records.ts"
import { BifrostError } from "../../../src/util/errors.ts"

const sha256 = "ab".repeat(32)
const sha512 = "cd".repeat(64)
const imagesDir = mkdtempSync(join(tmpdir(), "bifrost-images-"))
afterAll(() => rmSync(imagesDir, { recursive: true }))

const node = (instance_info: NodeRecord["instance_info"], properties: NodeRecord["properties"] = {}) =>
  ({ uuid: "u", name: "node-1", instance_info, properties }) as NodeRecord

/** A web of these pages. */
const web =
  (pages: Record<string, string>): typeof fetch =>
  async (input, init) => {
    const text = pages[String(input)]
    if (text === undefined) return new Response("", { status: 404 })
    return new Response(init?.method === "HEAD" ? null : text, { headers: { "content-length": String(text.length) } })
  }
const resolve = (record: NodeRecord, pages: Record<string, string> = {}) =>
  resolveImage(record, { imagesDir, serviceUrl: "http://s:8080", fetch: web(pages) }, AbortSignal.timeout(5000))

describe("findChecksum", () => {
  test.each([
    ["sha256sum", `${"0".repeat(64)}  other.raw\n${sha256}  os.raw\n`, sha256],
    ["sha256sum, binary, with a path", `${sha256} *./images/os.raw\n`, sha256],
    ["sha512sum, upper case", `${sha512.toUpperCase()}  os.raw\n`, sha512],
    ["BSD", `SHA256 (os.raw) = ${sha256}\n`, sha256],
    ["a bare value", `${sha256}\n`, sha256],
    ["a signed file", `-----BEGIN PGP-----\nHash: SHA512\n\n# os.raw\n${sha256}  os.raw\n`, sha256],
  ])("reads %s", (_, text, value) => {
    expect(findChecksum(text, "os.raw", "node-1").value).toBe(value)
  })

  test("does not take another file's", () => {
    expect(() => findChecksum(`${sha256}  other.raw\n${sha256}  os.raw.old\n`, "os.raw", "n")).toThrow(
      /no line for os\.raw/,
    )
  })

  test("fails with its own error alone, whatever the file holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        try {
          findChecksum(text, "os.raw", "n")
        } catch (error) {
          expect(error).toBeInstanceOf(BifrostError)
        }
      }),
    )
  })
})

describe("an image by name", () => {
  const describeImage = (meta: object) => writeFileSync(join(imagesDir, "os.json"), JSON.stringify(meta))

  test("is served from here", async () => {
    describeImage({ name: "os", format: "raw.zst", file: "os.raw.zst", size: 7, virtual_size: 9, sha256 })
    expect(await resolve(node({ image_source: "os" }))).toMatchObject({
      urls: ["http://s:8080/images/os.raw.zst"],
      disk_format: "raw",
      os_hash_algo: "sha256",
      os_hash_value: sha256,
      size: 7,
      virtual_size: 9,
    })
  })

  test("that is larger than the disk is refused", async () => {
    describeImage({ name: "os", format: "raw", file: "os.raw", size: 7, virtual_size: 3 * 2 ** 30, sha256 })
    const record = node({ image_source: "os" }, { local_gb: 2 })
    await expect(resolve(record)).rejects.toMatchObject({ code: "IMAGE_EXCEEDS_DISK" })
  })

  test.each(["absent", "also.absent"])("that was not built (%s) is refused", async (name) => {
    await expect(resolve(node({ image_source: name }))).rejects.toMatchObject({ code: "IMAGE_UNKNOWN" })
  })

  test.each(["../key", "a/b", ".hidden", ""])("that is a path (%j) is refused", (name) => {
    expect(() => imageSource(node({ image_source: name }))).toThrow(/image/)
  })
})

describe("an image by URL", () => {
  const image_source = "http://x/d/os%20a.raw?x=1"

  test("takes its size from the server and its checksum from the node", async () => {
    const record = node({ image_source, image_os_hash_algo: "sha512", image_os_hash_value: sha512 })
    expect(await resolve(record, { [image_source]: "12345" })).toMatchObject({
      urls: [image_source],
      os_hash_algo: "sha512",
      os_hash_value: sha512,
      size: 5,
    })
  })

  test("takes its checksum from a list at a URL", async () => {
    const list = `${sha256}  other\n${sha512}  os\n`
    const record = node({ image_source: "http://x/os", image_checksum: "http://x/SUMS" })
    expect(await resolve(record, { "http://x/os": "", "http://x/SUMS": list })).toMatchObject({ os_hash_value: sha512 })
  })

  test.each([
    [{ image_source }, "CHECKSUM_MISSING"],
    [{ image_source, image_checksum: "d41d8cd98f00b204e9800998ecf8427e" }, "CHECKSUM_MISSING"],
    [{ image_source, image_os_hash_algo: "sha512", image_os_hash_value: sha256 }, "CHECKSUM_MISSING"],
    [{ image_source: "ftp://x/os", image_checksum: sha256 }, "DEPLOY_INVALID"],
    [{ image_source: "file:///etc/passwd", image_checksum: sha256 }, "DEPLOY_INVALID"],
    [{ image_source: "http://x/absent", image_checksum: sha256 }, "IMAGE_UNREACHABLE"],
    [{ image_source: "http://x/os", image_checksum: "http://x/absent" }, "IMAGE_UNREACHABLE"],
  ])("%j is refused: %s", async (instance_info, code) => {
    await expect(
      resolve(node(instance_info as NodeRecord["instance_info"]), { "http://x/os": "" }),
    ).rejects.toMatchObject({
      code,
    })
  })
})
