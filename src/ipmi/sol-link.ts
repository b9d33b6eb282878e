import type { Clock } from "../util/clock.ts"
import { decodeSol, encodeSol, type SolPacket } from "./codec/sol.ts"

/** Retransmission of an unacknowledged packet (IPMI 2.0 §15.11): ms between, and how often before the peer counts as gone. */
const retryWait = 400
const retryLimit = 20

export interface SolHooks {
  send(payload: Buffer): void
  /** Characters that came in. False: no room now; the peer, unacknowledged, sends them again. */
  receive(data: Buffer): boolean
  /** Console: the BMC ends SOL. BMC: the console asks for a break. */
  signal(): void
  /** Everything written so far was taken. */
  drained(): void
  /** The peer no longer acknowledges. */
  lost(): void
}

/** Either end of serial over LAN: one packet under way, sequence numbers 1…15, partial acknowledgement (§15.9, §15.11). */
export class SolLink {
  readonly #clock: Clock
  readonly #hooks: SolHooks
  readonly #limit: number
  #waiting = Buffer.alloc(0)
  #current: { packet: SolPacket; tries: number } | undefined
  #wantSignal = false
  #sequence = 0
  #lastReceived = { sequence: 0, accepted: 0 }
  #cancelRetry = () => {}

  /** `limit`: characters of one packet that the peer takes. */
  constructor(clock: Clock, limit: number, hooks: SolHooks) {
    this.#clock = clock
    this.#hooks = hooks
    this.#limit = limit
  }

  /** Characters written and not yet acknowledged. */
  get backlog(): number {
    return this.#waiting.length + (this.#current?.packet.data.length ?? 0)
  }

  write(data: Uint8Array): void {
    this.#waiting = Buffer.concat([this.#waiting, data])
    this.#next()
  }

  /** The console's break, or the BMC's notice that SOL ends; goes out with the next packet. */
  sendSignal(): void {
    this.#wantSignal = true
    this.#next()
  }

  close(): void {
    this.#cancelRetry()
    this.#current = undefined
    this.#waiting = Buffer.alloc(0)
  }

  /** Throws IPMI_MALFORMED. */
  handle(payload: Buffer): void {
    const packet = decodeSol(payload)
    if (packet.acked !== 0) this.#acknowledged(packet)
    if (packet.signal) this.#hooks.signal()
    if (packet.sequence !== 0) this.#received(packet)
  }

  #received({ sequence, data }: SolPacket): void {
    // A sequence number seen before is a retransmission: our acknowledgement was lost, so it is only repeated.
    if (sequence !== this.#lastReceived.sequence) {
      if (data.length > 0 && !this.#hooks.receive(data)) return
      this.#lastReceived = { sequence, accepted: data.length }
    }
    const { accepted } = this.#lastReceived
    const acknowledgement = { sequence: 0, acked: sequence, accepted, data: Buffer.alloc(0) }
    this.#hooks.send(encodeSol({ ...acknowledgement, nack: false, signal: false, overrun: false }))
  }

  #acknowledged({ acked, accepted, nack }: SolPacket): void {
    if (this.#current?.packet.sequence !== acked) return
    const { data } = this.#current.packet
    this.#cancelRetry()
    this.#current = undefined
    // What was not taken goes out again, under a new number (§15.11).
    this.#waiting = Buffer.concat([data.subarray(Math.min(accepted, data.length)), this.#waiting])
    // A NACK without progress waits for its turn instead of a storm of packets.
    if (nack && accepted === 0) this.#cancelRetry = this.#clock.after(retryWait, () => this.#next())
    else this.#next()
  }

  #next(): void {
    if (this.#current) return
    if (this.#waiting.length === 0 && !this.#wantSignal) {
      this.#hooks.drained()
      return
    }
    const data = this.#waiting.subarray(0, this.#limit)
    this.#waiting = this.#waiting.subarray(data.length)
    this.#sequence = (this.#sequence % 15) + 1
    const packet = { sequence: this.#sequence, acked: 0, accepted: 0, nack: false, overrun: false, data }
    this.#current = { packet: { ...packet, signal: this.#wantSignal }, tries: 0 }
    this.#wantSignal = false
    this.#transmit()
  }

  #transmit(): void {
    if (!this.#current) return
    if (this.#current.tries === retryLimit) {
      this.#hooks.lost()
      return
    }
    this.#current.tries += 1
    this.#hooks.send(encodeSol(this.#current.packet))
    this.#cancelRetry = this.#clock.after(retryWait, () => this.#transmit())
  }
}
