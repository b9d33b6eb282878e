import { setImmediate } from "node:timers/promises"
import type { Client } from "ssh2"
import { BifrostError, messageOf } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { connect } from "./connection.ts"
import { transportErrors } from "./errors.ts"
import type { HostEndpoint } from "./port.ts"

/** The one SSH connection to a host: made on first use, and made again after it broke. */
export class LastingConnection {
  readonly #host: HostEndpoint
  readonly #privateKey: Secret
  #current: Promise<Client> | undefined
  #breaks = 0
  readonly #listeners: (() => void)[] = []

  constructor(host: HostEndpoint, privateKey: Secret) {
    this.#host = host
    this.#privateKey = privateKey
  }

  /** The connection there is, or a new one; one attempt at a time, shared by all who wait for it. */
  client(): Promise<Client> {
    if (!this.#current) {
      const attempt = connect(this.#host, this.#privateKey, () => this.#lost(attempt))
      this.#current = attempt
      attempt.catch(() => this.#lost(attempt))
    }
    return this.#current
  }

  /**
   * Work that uses the connection. What ends with it ends in many words, from "no exit status" to "socket hang up": all of
   * them become HOST_UNREACHABLE, which says during what. Other failures stay as they are.
   */
  async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    const before = this.#breaks
    try {
      return await work()
    } catch (cause) {
      // A connection ends its channels before it says so itself.
      await setImmediate()
      if (cause instanceof BifrostError || this.#breaks === before) throw cause
      const detail = `the connection broke during: ${what} (${messageOf(cause)})`
      throw new BifrostError(transportErrors.HOST_UNREACHABLE, { node: this.#host.name, detail, cause })
    }
  }

  /** Tells of each break, and of a connection that could not be made. */
  onBreak(listener: () => void): void {
    this.#listeners.push(listener)
  }

  close(): void {
    this.#current?.then((connected) => connected.end()).catch(() => {})
    this.#current = undefined
  }

  #lost(attempt: Promise<Client>): void {
    if (this.#current !== attempt) return
    this.#current = undefined
    this.#breaks++
    for (const listener of this.#listeners) listener()
  }
}
