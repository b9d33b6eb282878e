import { createHash } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** An image on another server, whose transfers stop in the middle while `holds` is set. */
export class SlowImage {
  readonly #content: Buffer
  holds: boolean
  /** Transfers that were stopped so far. */
  held = 0
  readonly #server = createServer((request, response) => {
    const total = this.#content.length
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "")
    const start = Number(range?.[1] ?? 0)
    const end = range?.[2] ? Math.min(total, Number(range[2]) + 1) : total
    const body = this.#content.subarray(start, end)
    response.writeHead(range ? 206 : 200, {
      "content-length": body.length,
      etag: '"1"',
      ...(range && { "content-range": `bytes ${start}-${end - 1}/${total}` }),
    })
    if (request.method === "HEAD") return void response.end()
    // A look at a part of the image is answered; it is the transfer of all of it that stops.
    if (!this.holds || range?.[2]) return void response.end(body)
    this.held += 1
    response.write(body.subarray(0, body.length / 2))
  })

  constructor(content: Buffer, holds: boolean) {
    this.#content = content
    this.holds = holds
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
