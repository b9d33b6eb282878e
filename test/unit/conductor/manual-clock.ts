import type { Clock } from "../../../src/util/clock.ts"

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = Date.parse("2026-01-01T00:00:00Z")
  readonly #timers = new Set<{ at: number; fire: () => void }>()

  now() {
    return this.#now
  }

  after(ms: number, fire: () => void) {
    const timer = { at: this.#now + ms, fire }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  sleep(ms: number, signal?: AbortSignal) {
    return new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const cancel = this.after(ms, resolve)
      signal?.addEventListener("abort", () => {
        cancel()
        reject(signal.reason)
      })
    })
  }

  /** Fires what falls due on the way, in its order. */
  advance(ms: number) {
    const end = this.#now + ms
    for (;;) {
      const [first] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!first) break
      this.#timers.delete(first)
      this.#now = Math.max(this.#now, first.at)
      first.fire()
    }
    this.#now = end
  }
}
