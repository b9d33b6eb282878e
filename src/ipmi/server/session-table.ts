import { randomBytes } from "node:crypto"
import type { Clock } from "../../util/clock.ts"
import type { Exchange } from "../codec/keys.ts"
import type { Protection } from "../codec/session20.ts"
import { type Privilege, privileges } from "../types.ts"
import type { ServerUser } from "./ports.ts"

/** A peer on the network. */
export interface Peer {
  readonly address: string
  readonly port: number
}

/** A session that has begun: it becomes active with a good RAKP message 3. */
export interface ServerSession {
  readonly id: number
  readonly consoleId: number
  readonly suite: Exchange["suite"]
  peer: Peer
  lastSeen: number
  /** From RAKP message 1 on. */
  exchange?: Exchange
  user?: ServerUser
  /** RAKP 2 and 4 as sent, repeated when the console repeats its half. */
  rakp1?: { request: Buffer; reply: Buffer }
  rakp3?: { request: Buffer; reply: Buffer }
  /** From RAKP message 3 on. */
  protection?: Protection
  privilege: Privilege
  highest: Privilege
  sent: number
  received: ReceiveWindow
  /** The last few answers by request, so that a retransmission is answered and not run again; undefined: still running. */
  readonly answers: Map<string, Buffer | undefined>
  /** Requests run one after the other. */
  work: Promise<void>
}

const idleMs = 60_000
const handshakeMs = 20_000
const limit = 32

/** All sessions of one BMC; silent ones end after 60 s (IPMI 2.0 §6.12.15), unfinished ones after 20 s. */
export class SessionTable {
  readonly #clock: Clock
  readonly #sessions = new Map<number, ServerSession>()
  readonly #ended: (session: ServerSession) => void

  constructor(clock: Clock, ended: (session: ServerSession) => void) {
    this.#clock = clock
    this.#ended = ended
  }

  get activeCount(): number {
    return [...this.#sessions.values()].filter((session) => session.protection).length
  }

  /** Undefined when the table is full. */
  begin(consoleId: number, suite: Exchange["suite"], peer: Peer): ServerSession | undefined {
    this.#expire()
    if (this.#sessions.size >= limit && !this.#evictUnfinished()) return undefined
    let id = 0
    while (id === 0 || this.#sessions.has(id)) id = randomBytes(4).readUInt32LE()
    const session: ServerSession = {
      id,
      consoleId,
      suite,
      peer,
      lastSeen: this.#clock.now(),
      privilege: "user",
      highest: "user",
      sent: 0,
      received: new ReceiveWindow(),
      answers: new Map(),
      work: Promise.resolve(),
    }
    this.#sessions.set(id, session)
    return session
  }

  find(id: number): ServerSession | undefined {
    this.#expire()
    return this.#sessions.get(id)
  }

  end(id: number): boolean {
    const session = this.#sessions.get(id)
    if (!session) return false
    this.#sessions.delete(id)
    this.#ended(session)
    return true
  }

  clear(): void {
    for (const id of [...this.#sessions.keys()]) this.end(id)
  }

  #expire(): void {
    for (const { id, lastSeen, protection } of [...this.#sessions.values()]) {
      if (this.#clock.now() - lastSeen > (protection ? idleMs : handshakeMs)) this.end(id)
    }
  }

  /** A flood of Open Session requests must not shut out those who know a password. */
  #evictUnfinished(): boolean {
    const oldest = [...this.#sessions.values()].find((session) => !session.protection)
    return oldest !== undefined && this.end(oldest.id)
  }
}

/** Replay protection: a packet's sequence number is taken once, within 16 of the highest seen (§6.12.13). */
export class ReceiveWindow {
  #highest = 0
  #seen = new Set<number>()

  take(sequence: number): boolean {
    if (sequence === 0 || sequence <= this.#highest - 16 || this.#seen.has(sequence)) return false
    this.#seen.add(sequence)
    this.#highest = Math.max(this.#highest, sequence)
    for (const old of this.#seen) if (old <= this.#highest - 16) this.#seen.delete(old)
    return true
  }
}

export function atLeast(has: Privilege, needs: Privilege): boolean {
  return privileges[has] >= privileges[needs]
}
