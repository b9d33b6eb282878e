import { randomBytes } from "node:crypto"
import { createSocket, type Socket } from "node:dgram"
import { isIPv6 } from "node:net"
import { type Clock, systemClock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import { decodeAsf, encodeAsf } from "../codec/asf.ts"
import { decodeRequest, type IpmiRequest } from "../codec/message.ts"
import { decodeRmcp, encodeRmcp } from "../codec/rmcp.ts"
import { decodeSession15, encodeSession15 } from "../codec/session15.ts"
import { claimedSession, decodeOpen, encodeOpen, isSession20, open, payloadTypes, seal } from "../codec/session20.ts"
import { ipmiErrors } from "../errors.ts"
import { guidBytes } from "./commands/app.ts"
import { newBootState } from "./commands/chassis.ts"
import type { CommandContext } from "./commands/handler.ts"
import { Console } from "./console.ts"
import { dispatch } from "./dispatch.ts"
import { Handshake } from "./handshake.ts"
import type { IpmiServerOptions } from "./ports.ts"
import { type Peer, type ServerSession, SessionTable } from "./session-table.ts"

/** Answers kept for retransmissions: commands come one at a time, so a few suffice, and 64 would meet a re-used rqSeq. */
const answersKept = 8

/** A BMC that speaks IPMI 2.0 (RMCP+) on one UDP port. */
export class IpmiServer {
  readonly #clock: Clock
  readonly #socket: Socket
  readonly #sessions: SessionTable
  readonly #handshake: Handshake
  readonly #console: Console
  readonly #boot = newBootState()
  #options: IpmiServerOptions

  constructor(options: IpmiServerOptions, dependencies: { readonly clock?: Clock } = {}) {
    this.#options = options
    this.#clock = dependencies.clock ?? systemClock
    this.#socket = createSocket(isIPv6(options.address) ? "udp6" : "udp4")
    this.#console = new Console(options.sol, this.#clock, (session, payload) =>
      this.#sendSealed(session, payloadTypes.sol, payload),
    )
    this.#sessions = new SessionTable(this.#clock, (session) => this.#console.ended(session))
    this.#handshake = new Handshake(this.#sessions, options.users, guidBytes(options.identity.guid))
  }

  /** Binds; resolves to where it listens. */
  listen(): Promise<{ address: string; port: number }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ address: string; port: number }>()
    this.#socket.once("error", reject)
    this.#socket.bind(this.#options.port, this.#options.address, () => {
      this.#socket.off("error", reject)
      // A peer that is gone makes the kernel report an error here; it concerns nobody else.
      this.#socket.on("error", () => {})
      this.#socket.on("message", (bytes, peer) => this.#receive(bytes, peer))
      const { address, port } = this.#socket.address()
      this.#options = { ...this.#options, port }
      resolve({ address, port })
    })
    return promise
  }

  /** Ends every session and console, and frees the port. */
  close(): Promise<void> {
    this.#sessions.clear()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#socket.close(resolve)
    return promise
  }

  /** Whatever comes in, nothing is thrown: bytes that are not IPMI are not answered (IPMI 2.0 §13.1.4). */
  #receive(bytes: Buffer, peer: Peer): void {
    try {
      const message = decodeRmcp(bytes)
      if (message.class === "asf") this.#asf(message.body, peer)
      else if (!isSession20(message.body)) this.#sessionless(message.body, peer)
      else if (claimedSession(message.body) === 0) this.#outside(message.body, peer)
      else this.#inside(message.body, peer)
    } catch (error) {
      if (!(error instanceof BifrostError) || error.code !== ipmiErrors.IPMI_MALFORMED.code) throw error
    }
  }

  #asf(body: Buffer, peer: Peer): void {
    const message = decodeAsf(body)
    if (message.type !== "ping") return
    this.#send(encodeRmcp({ class: "asf", body: encodeAsf({ type: "pong", tag: message.tag, ipmi: true }) }), peer)
  }

  /** Discovery in the IPMI 1.5 wrapper. */
  #sessionless(body: Buffer, peer: Peer): void {
    const request = decodeRequest(decodeSession15(body))
    this.#answer(request, (response) => {
      this.#send(encodeRmcp({ class: "ipmi", body: encodeSession15(response) }), peer)
    })
  }

  /** Handshake, and discovery in the RMCP+ wrapper. */
  #outside(body: Buffer, peer: Peer): void {
    const { payloadType, payload } = decodeOpen(body)
    if (payloadType === payloadTypes.ipmi) {
      this.#answer(decodeRequest(payload), (response) => this.#sendOpen(payloadType, response, peer))
      return
    }
    const reply = this.#handshake.handle(payloadType, payload, peer)
    if (reply) this.#sendOpen(reply.payloadType, reply.payload, peer)
  }

  #inside(body: Buffer, peer: Peer): void {
    const session = this.#sessions.find(claimedSession(body))
    if (!session?.protection) return
    const packet = open(body, session.protection)
    if (!session.received.take(packet.sequence)) return
    session.lastSeen = this.#clock.now()
    session.peer = peer
    if (packet.payloadType === payloadTypes.sol) this.#console.handle(session, packet.payload)
    else if (packet.payloadType === payloadTypes.ipmi) this.#command(session, packet.payload)
  }

  /** Runs a command, or repeats the answer when it is a retransmission; one that is still running is answered once. */
  #command(session: ServerSession, payload: Buffer): void {
    const request = decodeRequest(payload)
    const key = payload.toString("hex")
    if (session.answers.has(key)) {
      const answer = session.answers.get(key)
      if (answer) this.#sendSealed(session, payloadTypes.ipmi, answer)
      return
    }
    session.answers.set(key, undefined)
    for (const old of session.answers.keys()) {
      if (session.answers.size <= answersKept) break
      session.answers.delete(old)
    }
    session.work = session.work.then(async () => {
      const response = await dispatch(this.#context(session), this.#clock, request)
      if (session.answers.has(key)) session.answers.set(key, response)
      this.#sendSealed(session, payloadTypes.ipmi, response)
    })
  }

  #answer(request: IpmiRequest, send: (response: Buffer) => void): void {
    dispatch(this.#context(undefined), this.#clock, request).then(send)
  }

  #context(session: ServerSession | undefined): CommandContext {
    return { options: this.#options, sessions: this.#sessions, session, boot: this.#boot, sol: this.#console }
  }

  #sendOpen(payloadType: number, payload: Buffer, peer: Peer): void {
    this.#send(
      encodeRmcp({ class: "ipmi", body: encodeOpen({ payloadType, sessionId: 0, sequence: 0, payload }) }),
      peer,
    )
  }

  #sendSealed(session: ServerSession, payloadType: number, payload: Buffer): void {
    if (!session.protection) return
    session.sent = (session.sent % 0xffffffff) + 1
    const packet = { payloadType, sessionId: session.consoleId, sequence: session.sent, payload }
    this.#send(encodeRmcp({ class: "ipmi", body: seal(packet, session.protection, randomBytes(16)) }), session.peer)
  }

  #send(bytes: Buffer, peer: Peer): void {
    try {
      this.#socket.send(bytes, peer.port, peer.address, () => {})
    } catch {
      // Closed meanwhile, or a peer with port 0: as if the packet had been lost.
    }
  }
}
