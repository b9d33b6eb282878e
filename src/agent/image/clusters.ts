import { BifrostError } from "../../util/errors.ts"
import { agentErrors } from "../errors.ts"
import { inflateCluster, type Qcow2Map } from "./qcow2.ts"
import type { DiskWriter } from "./writer.ts"

/** Puts every cluster of a qcow2 file that streams by at its place, and zeros where there is none. */
export async function placeClusters(
  { header, extents }: Qcow2Map,
  file: AsyncIterable<Buffer>,
  writer: DiskWriter,
): Promise<void> {
  const window = new Window(file)
  try {
    for (const extent of extents) {
      const bytes = await window.take(extent.host, extent.length, extent.kind === "compressed")
      if (extent.kind === "table") {
        if (!bytes.equals(extent.bytes)) throw broken(`the table at ${extent.host} changed while the file was read`)
        continue
      }
      const content = extent.kind === "data" ? bytes : inflateCluster(header, bytes)
      // The last cluster may reach beyond the disk's end.
      await writer.write(extent.guest, content.subarray(0, header.virtualSize - extent.guest))
    }
    await window.drain()
  } finally {
    await window.close()
  }
  const covered = extents.filter((extent) => extent.kind !== "table").toSorted((a, b) => a.guest - b.guest)
  let at = 0
  for (const { kind, guest, length } of covered) {
    if (guest > at) await writer.zero(at, guest - at)
    at = Math.max(at, guest + (kind === "data" ? length : header.clusterSize))
  }
  if (at < header.virtualSize) await writer.zero(at, header.virtualSize - at)
}

const broken = (detail: string) => new BifrostError(agentErrors.IMAGE_BROKEN, { detail: `qcow2: ${detail}` })

/** The part of a stream between what is not needed any more and what has come; grows to the largest extent only. */
class Window {
  readonly #stream: AsyncIterator<Buffer>
  #bytes: Buffer = Buffer.alloc(0)
  /** Offset of `#bytes` in the stream. */
  #base = 0
  #ended = false

  constructor(stream: AsyncIterable<Buffer>) {
    this.#stream = stream[Symbol.asyncIterator]()
  }

  /** Bytes at an offset that is not before the last one taken. `mayEnd`: the file's end may cut them. */
  async take(offset: number, length: number, mayEnd: boolean): Promise<Buffer> {
    const parts: Buffer[] = []
    let end = this.#base + this.#bytes.length
    if (offset < end) parts.push(this.#bytes.subarray(offset - this.#base))
    while (end < offset + length && !this.#ended) {
      const { value, done } = await this.#stream.next()
      if (done) {
        this.#ended = true
        break
      }
      if (end + value.length > offset) parts.push(value.subarray(Math.max(0, offset - end)))
      end += value.length
    }
    this.#bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    this.#base = end - this.#bytes.length
    if (end < offset + length && !mayEnd) throw broken(`the file ends at ${end}, within a cluster or table`)
    return this.#bytes.subarray(0, length)
  }

  /** Reads on to the stream's end, so that all of it is hashed. */
  async drain(): Promise<void> {
    while (!this.#ended) this.#ended = (await this.#stream.next()).done === true
  }

  async close(): Promise<void> {
    await this.#stream.return?.()
  }
}
