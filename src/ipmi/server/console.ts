import type { Duplex } from "node:stream"
import type { Clock } from "../../util/clock.ts"
import { solDataLimit } from "../codec/sol.ts"
import { SolLink } from "../sol-link.ts"
import type { SolControl } from "./commands/handler.ts"
import type { SolPort } from "./ports.ts"
import type { ServerSession } from "./session-table.ts"

/** Output kept for a console that is slow; older characters are dropped, as a BMC's small buffer drops them. */
const backlogLimit = 64 * 1024
/** IPMI 2.0 §24.1. */
const alreadyActive = 0x80
const payloadDisabled = 0x81

/** The one console of a BMC: the machine's serial port on one side, SOL packets of one session on the other. */
export class Console implements SolControl {
  readonly #port: SolPort | undefined
  readonly #clock: Clock
  readonly #send: (session: ServerSession, payload: Buffer) => void
  #attached: { session: ServerSession; link: SolLink; serial: Duplex } | undefined
  #attaching = false

  constructor(port: SolPort | undefined, clock: Clock, send: (session: ServerSession, payload: Buffer) => void) {
    this.#port = port
    this.#clock = clock
    this.#send = send
  }

  get active(): boolean {
    return this.#attached !== undefined
  }

  async activate(session: ServerSession): Promise<number | undefined> {
    if (!this.#port) return payloadDisabled
    if (this.#attached || this.#attaching) return alreadyActive
    this.#attaching = true
    try {
      const serial = await this.#port.attach()
      const link = new SolLink(this.#clock, solDataLimit, {
        send: (payload) => this.#send(session, payload),
        receive: (data) => {
          if (serial.writableNeedDrain) return false
          serial.write(Buffer.from(data))
          return true
        },
        // A break reaches the machine only through hardware that a stream does not have.
        signal: () => {},
        drained: () => {},
        lost: () => this.deactivate(),
      })
      serial.on("data", (chunk: Buffer) => {
        if (link.backlog + chunk.length <= backlogLimit) link.write(chunk)
      })
      const end = () => {
        if (this.#attached?.serial === serial) this.deactivate()
      }
      serial.on("error", end).on("close", end)
      this.#attached = { session, link, serial }
      return undefined
    } finally {
      this.#attaching = false
    }
  }

  deactivate(): boolean {
    const attached = this.#attached
    if (!attached) return false
    this.#attached = undefined
    // Told once, without waiting: a console that is still there sees the end, one that is gone does not matter.
    attached.link.close()
    attached.link.sendSignal()
    attached.link.close()
    attached.serial.destroy()
    return true
  }

  /** The session is over: so is its console. */
  ended(session: ServerSession): void {
    if (this.#attached?.session === session) this.deactivate()
  }

  /** Throws IPMI_MALFORMED. */
  handle(session: ServerSession, payload: Buffer): void {
    if (this.#attached?.session === session) this.#attached.link.handle(payload)
  }
}
