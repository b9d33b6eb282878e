import { randomBytes } from "node:crypto"
import type { Clock } from "../../util/clock.ts"
import { decodeResponse, encodeRequest, type IpmiResponse } from "../codec/message.ts"
import { decodeRmcp, encodeRmcp } from "../codec/rmcp.ts"
import { claimedSession, isSession20, open, type Protection, payloadTypes, seal } from "../codec/session20.ts"
import { exchange, type Patience } from "./exchange.ts"
import type { UdpLink } from "./link.ts"

/** Bits of rqSeq (IPMI 2.0 Table 13-9). */
const sequenceMask = 0x3f

/** An RMCP+ session that is open on the BMC. */
export class Session {
  readonly link: UdpLink
  readonly bmcId: number
  readonly #consoleId: number
  readonly #clock: Clock
  readonly #protection: Protection
  #packetSequence = 0
  #requestSequence = 0

  constructor(link: UdpLink, clock: Clock, ids: { consoleId: number; bmcId: number }, protection: Protection) {
    this.link = link
    this.bmcId = ids.bmcId
    this.#consoleId = ids.consoleId
    this.#clock = clock
    this.#protection = protection
  }

  /**
   * One command. Every transmission carries the same rqSeq, so that a BMC can tell a retransmission from a new command;
   * a reply with another one is late or a duplicate and dropped. Undefined: unanswered.
   */
  request(netFn: number, command: number, data: Uint8Array, patience: Patience): Promise<IpmiResponse | undefined> {
    this.#requestSequence = (this.#requestSequence + 1) & sequenceMask
    const sequence = this.#requestSequence
    const message = encodeRequest({ netFn, command, sequence, data })
    return exchange(
      this.link,
      this.#clock,
      {
        packet: () => this.#seal(payloadTypes.ipmi, message),
        accept: (bytes) => {
          const payload = this.#open(payloadTypes.ipmi, bytes)
          const response = payload && decodeResponse(payload)
          const ours = response?.sequence === sequence && response.netFn === netFn && response.command === command
          return ours ? response : undefined
        },
      },
      patience,
    )
  }

  sendSol(payload: Buffer): void {
    this.link.send(this.#seal(payloadTypes.sol, payload))
  }

  listenSol(listener: (payload: Buffer) => void): () => void {
    return this.link.listen((bytes) => {
      try {
        const payload = this.#open(payloadTypes.sol, bytes)
        if (payload) listener(payload)
      } catch {
        // Noise or forgery: as if it had been lost. The BMC sends again what we do not acknowledge.
      }
    })
  }

  #seal(payloadType: number, payload: Buffer): Buffer {
    // Session sequence numbers start at 1 and skip 0 on wrap-around (§6.12.9).
    this.#packetSequence = (this.#packetSequence % 0xffffffff) + 1
    const packet = { payloadType, sessionId: this.bmcId, sequence: this.#packetSequence, payload }
    return encodeRmcp({ class: "ipmi", body: seal(packet, this.#protection, randomBytes(16)) })
  }

  /** The BMC's own sequence numbers are not checked: several BMCs restart or skip them, and rqSeq and AuthCode suffice. */
  #open(payloadType: number, bytes: Buffer): Buffer | undefined {
    const { class: kind, body } = decodeRmcp(bytes)
    if (kind !== "ipmi" || !isSession20(body) || claimedSession(body) !== this.#consoleId) return undefined
    const packet = open(body, this.#protection)
    return packet.payloadType === payloadType ? packet.payload : undefined
  }
}
