import type { Clock } from "../../util/clock.ts"
import type { Progress } from "../protocol.ts"
import { type Checksum, StreamHash } from "./hash.ts"
import type { ImageSource } from "./source.ts"
import type { DiskWriter } from "./writer.ts"

export type Report = (progress: Omit<Progress, "agent_token">) => void

/** Each report costs a slow processor tens of milliseconds that the image could use. */
const REPORT_EVERY_MS = 1000

/** One pass over an image file: every byte is hashed, counted and reported on its way to the decoder. */
export class Transfer {
  done = 0
  readonly #source: ImageSource
  readonly #writer: DiskWriter
  readonly #hash: StreamHash | undefined
  readonly #clock: Clock
  readonly #report: Report
  readonly #started: number
  #reported = 0

  constructor(
    source: ImageSource,
    writer: DiskWriter,
    algorithm: Checksum["algorithm"] | undefined,
    { clock, report }: { readonly clock: Clock; readonly report: Report },
  ) {
    this.#source = source
    this.#writer = writer
    this.#hash = algorithm && new StreamHash(algorithm)
    this.#clock = clock
    this.#report = report
    this.#started = clock.now()
  }

  async *bytes(): AsyncGenerator<Buffer> {
    for await (const chunk of this.#source.stream()) {
      await this.#hash?.update(chunk)
      this.done += chunk.length
      if (this.#clock.now() - this.#reported >= REPORT_EVERY_MS) this.report("writing the image")
      yield chunk
    }
  }

  /** Hex, of all bytes; undefined when no checksum was asked for. Bytes after the decoder's end count as well. */
  async digest(): Promise<string | undefined> {
    return this.#hash?.digest()
  }

  report(message: string): void {
    this.#reported = this.#clock.now()
    const seconds = Math.max(0.001, (this.#reported - this.#started) / 1000)
    this.#report({
      step: "write_image",
      done: this.done,
      total: this.#source.size ?? 0,
      message,
      written: this.#writer.written,
      skipped: this.#writer.skipped,
      rate: Math.round(this.done / seconds),
    })
  }

  async close(): Promise<void> {
    await this.#hash?.close()
  }
}
