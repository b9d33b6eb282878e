/** Named things of which only so many may be used at a time. */
export class Resources {
  readonly #limit: (resource: string) => number
  readonly #inUse = new Map<string, number>()
  readonly #queue: { readonly names: readonly string[]; readonly grant: () => void }[] = []

  constructor(limit: (resource: string) => number) {
    this.#limit = limit
  }

  /**
   * Waits until all of them are free at once (never holding one while waiting for another, so that nobody waits in a
   * circle) and takes them; the returned function gives them back. Rejects with the signal's reason.
   */
  async take(names: readonly string[], signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { names, grant: resolve }
    const onAbort = () => {
      const at = this.#queue.indexOf(waiter)
      if (at < 0) return
      this.#queue.splice(at, 1)
      reject(signal.reason)
    }
    signal.addEventListener("abort", onAbort, { once: true })
    this.#queue.push(waiter)
    this.#serve()
    await promise.finally(() => signal.removeEventListener("abort", onAbort))
    return () => {
      this.#count(names, -1)
      this.#serve()
    }
  }

  /** First come, first served, but who waits for one thing does not keep others from another. */
  #serve(): void {
    for (const waiter of [...this.#queue]) {
      if (!waiter.names.every((name) => (this.#inUse.get(name) ?? 0) < this.#limit(name))) continue
      this.#queue.splice(this.#queue.indexOf(waiter), 1)
      this.#count(waiter.names, 1)
      waiter.grant()
    }
  }

  #count(names: readonly string[], by: number): void {
    for (const name of names) this.#inUse.set(name, (this.#inUse.get(name) ?? 0) + by)
  }
}
