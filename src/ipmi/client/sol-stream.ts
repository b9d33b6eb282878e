import { Duplex } from "node:stream"
import type { Clock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import { ipmiErrors } from "../errors.ts"
import { SolLink } from "../sol-link.ts"
import type { Session } from "./session.ts"

export interface SolStreamOptions {
  readonly node: string
  /** Characters of one packet that the BMC takes. */
  readonly limit: number
  /** Deactivates the payload on the BMC; called once. */
  readonly deactivate: () => Promise<void>
}

/** The machine's serial console. Reading slowly makes the BMC wait, and writing follows the BMC's acknowledgements. */
export class SolStream extends Duplex {
  readonly #link: SolLink
  readonly #deactivate: () => Promise<void>
  readonly #stopListening: () => void
  #wantsData = true
  #written: (() => void) | undefined
  #ended = false

  constructor(session: Session, clock: Clock, { node, limit, deactivate }: SolStreamOptions) {
    super({ allowHalfOpen: false })
    const fail = (detail: string) => this.destroy(new BifrostError(ipmiErrors.BMC_SOL, { node, detail }))
    this.#deactivate = deactivate
    this.#link = new SolLink(clock, limit, {
      send: (payload) => session.sendSol(payload),
      receive: (data) => {
        if (!this.#wantsData) return false
        this.#wantsData = this.push(Buffer.from(data))
        return true
      },
      signal: () => {
        this.#ended = true
        this.push(null)
      },
      drained: () => {
        const written = this.#written
        this.#written = undefined
        written?.()
      },
      lost: () => fail("the BMC no longer acknowledges what is typed"),
    })
    this.#stopListening = session.listenSol((payload) => this.#link.handle(payload))
  }

  /** A serial break: SysRq on Linux consoles. */
  sendBreak(): void {
    this.#link.sendSignal()
  }

  override _read(): void {
    this.#wantsData = true
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#written = done
    this.#link.write(chunk)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopListening()
    this.#link.close()
    // The stream's own error, if any, is the news; a BMC that does not answer the farewell times the console out itself.
    const farewell = this.#ended ? Promise.resolve() : this.#deactivate()
    farewell.catch(() => {}).then(() => done(error))
  }
}
