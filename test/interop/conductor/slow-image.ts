import { createHash } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** An image on another server, which stops in the middle of each of its first transfers until the reader goes away. */
export class SlowImage {
  readonly #content: Buffer
  readonly #server = createServer((request, response) => {
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0)
    const body = this.#content.subarray(start)
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": body.length,
      etag: '"1"',
      ...(start > 0 && { "content-range": `bytes ${start}-${this.#content.length - 1}/${this.#content.length}` }),
    })
    if (request.method === "HEAD") return void response.end()
    if (this.stalls === 0) return void response.end(body)
    this.stalls -= 1
    response.write(body.subarray(0, body.length / 2))
  })
  stalls: number

  constructor(content: Buffer, stalls: number) {
    this.#content = content
    this.stalls = stalls
  }

  async listen(): Promise<{ image_source: string; image_checksum: string; image_disk_format: string }> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve))
    const { port } = this.#server.address() as AddressInfo
    return {
      image_source: `http://127.0.0.1:${port}/slow.raw`,
      image_checksum: createHash("sha256").update(this.#content).digest("hex"),
      image_disk_format: "raw",
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
