/** Jobs one after the other: many BMCs crash or answer nonsense under concurrent commands. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve()

  /** An abort while the job still waits drops it; one that runs is told through the same signal and ends itself. */
  run<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const onAbort = () => reject(signal.reason)
    signal.addEventListener("abort", onAbort, { once: true })
    const done = this.#tail.then(() => {
      signal.removeEventListener("abort", onAbort)
      signal.throwIfAborted()
      return job()
    })
    done.then(resolve, reject)
    this.#tail = done.catch(() => {})
    return promise
  }
}
