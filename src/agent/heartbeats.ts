import type { Clock } from "../util/clock.ts"
import { messageOf } from "../util/errors.ts"

export interface HeartbeatsOptions {
  readonly clock: Clock
  readonly send: () => Promise<void>
  /** What the service takes for dead, ms. */
  readonly timeoutMs: number
  readonly log: (line: string) => void
  readonly random?: () => number
}

/** Between a heartbeat that failed and the next try. */
const RETRY_MS = 1000

/** Beats every 0.3 to 0.6 of the timeout, as a stock agent does, and at once when `beat` is called. */
export class Heartbeats {
  readonly #options: HeartbeatsOptions
  #cancel: (() => void) | undefined
  #sending: Promise<void> | undefined
  #again = false
  #stopped = false

  constructor(options: HeartbeatsOptions) {
    this.#options = options
  }

  /** Sends one now. A call during another's way sends one more after it, as the news may be newer. */
  async beat(): Promise<void> {
    if (this.#stopped) return
    if (this.#sending) {
      this.#again = true
      return this.#sending
    }
    this.#cancel?.()
    this.#sending = this.#run()
    await this.#sending
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  async #run(): Promise<void> {
    const { clock, send, timeoutMs, log, random = Math.random } = this.#options
    let pause = timeoutMs * (0.3 + 0.3 * random())
    do {
      this.#again = false
      try {
        await send()
      } catch (error) {
        log(`heartbeat: ${messageOf(error)}; tries again`)
        pause = RETRY_MS
      }
    } while (this.#again && !this.#stopped)
    this.#sending = undefined
    if (!this.#stopped) this.#cancel = clock.after(pause, () => void this.beat())
  }
}
