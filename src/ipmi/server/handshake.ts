import { randomBytes, timingSafeEqual } from "node:crypto"
import { nameOf } from "../codec/bytes.ts"
import { protection, rakp2Code, rakp3Code, rakp4Code, sessionKey } from "../codec/keys.ts"
import {
  decodeOpenSessionRequest,
  decodeRakp1,
  decodeRakp3,
  encodeOpenSessionResponse,
  encodeRakp2,
  encodeRakp4,
  rakpStatus,
} from "../codec/rakp.ts"
import { payloadTypes } from "../codec/session20.ts"
import { suiteWith } from "../codec/suites.ts"
import { privileges } from "../types.ts"
import type { ServerUser } from "./ports.ts"
import { atLeast, type Peer, type SessionTable } from "./session-table.ts"

export interface Reply {
  readonly payloadType: number
  readonly payload: Buffer
}

const none = Buffer.alloc(0)
const empty16 = Buffer.alloc(16)

/** The BMC's half of session activation (IPMI 2.0 §13.17–13.23). Pure of sockets: bytes in, reply out. */
export class Handshake {
  readonly #sessions: SessionTable
  readonly #users: readonly ServerUser[]
  readonly #guid: Buffer

  constructor(sessions: SessionTable, users: readonly ServerUser[], guid: Buffer) {
    this.#sessions = sessions
    this.#users = users
    this.#guid = guid
  }

  /** Undefined for a payload that is not the handshake's, or that deserves silence. Throws IPMI_MALFORMED. */
  handle(payloadType: number, payload: Buffer, peer: Peer): Reply | undefined {
    if (payloadType === payloadTypes.openSessionRequest) {
      return { payloadType: payloadTypes.openSessionResponse, payload: this.#open(payload, peer) }
    }
    if (payloadType === payloadTypes.rakp1) return { payloadType: payloadTypes.rakp2, payload: this.#rakp1(payload) }
    if (payloadType !== payloadTypes.rakp3) return undefined
    const reply = this.#rakp3(payload)
    return reply && { payloadType: payloadTypes.rakp4, payload: reply }
  }

  #open(payload: Buffer, peer: Peer): Buffer {
    const request = decodeOpenSessionRequest(payload)
    const { tag, consoleId, authentication, integrity, confidentiality } = request
    const response = { tag, privilege: 0, consoleId, bmcId: 0, authentication, integrity, confidentiality }
    const suite = suiteWith(request)
    if (!suite) return encodeOpenSessionResponse({ ...response, status: rakpStatus.noCipherSuite })
    const session = this.#sessions.begin(consoleId, suite, peer)
    if (!session) return encodeOpenSessionResponse({ ...response, status: rakpStatus.noResources })
    const privilege = request.privilege === 0 ? privileges.administrator : request.privilege
    return encodeOpenSessionResponse({ ...response, status: rakpStatus.ok, privilege, bmcId: session.id })
  }

  #rakp1(payload: Buffer): Buffer {
    const { tag, bmcId, consoleRandom, role, username } = decodeRakp1(payload)
    const session = this.#sessions.find(bmcId)
    const refuse = (status: number) =>
      encodeRakp2({ tag, status, consoleId: session?.consoleId ?? 0, bmcRandom: empty16, guid: empty16, code: none })
    if (!session || session.protection) return refuse(rakpStatus.invalidSession)
    if (session.rakp1?.request.equals(payload)) return session.rakp1.reply
    const wanted = (role & 0x0f) === 0 ? "administrator" : nameOf(privileges, role & 0x0f)
    if (!wanted) return refuse(rakpStatus.badRole)
    const user = this.#users.find(({ name }) => name === username)
    if (!user) return refuse(rakpStatus.unauthorizedName)
    if (!atLeast(user.privilege, wanted)) return refuse(rakpStatus.unauthorizedRole)
    const { suite, consoleId } = session
    const bmcRandom = randomBytes(16)
    const exchange = {
      suite,
      consoleId,
      bmcId,
      consoleRandom: Buffer.from(consoleRandom),
      bmcRandom,
      guid: this.#guid,
      role,
      username,
    }
    const code = rakp2Code(exchange, user.password.reveal())
    const reply = encodeRakp2({ tag, status: 0, consoleId, bmcRandom, guid: this.#guid, code })
    Object.assign(session, { exchange, user, highest: wanted, rakp1: { request: Buffer.from(payload), reply } })
    return reply
  }

  #rakp3(payload: Buffer): Buffer | undefined {
    const { tag, status, bmcId, code } = decodeRakp3(payload)
    const session = this.#sessions.find(bmcId)
    const refuse = (refusal: number) =>
      encodeRakp4({ tag, status: refusal, consoleId: session?.consoleId ?? 0, code: none })
    if (!session?.exchange || !session.user) return refuse(rakpStatus.invalidSession)
    if (session.rakp3?.request.equals(payload)) return session.rakp3.reply
    if (session.protection) return refuse(rakpStatus.invalidSession)
    // The console refuses us (it found our password wrong): nothing to answer (§13.22).
    if (status !== 0) {
      this.#sessions.end(bmcId)
      return undefined
    }
    const { exchange, user } = session
    const wanted = rakp3Code(exchange, user.password.reveal())
    if (code.length !== wanted.length || !timingSafeEqual(code, wanted)) {
      const refusal = refuse(rakpStatus.badCheckValue)
      this.#sessions.end(bmcId)
      return refusal
    }
    const sik = sessionKey(exchange, user.password.reveal())
    const reply = encodeRakp4({ tag, status: 0, consoleId: session.consoleId, code: rakp4Code(exchange, sik) })
    session.protection = protection(session.suite, sik)
    session.rakp3 = { request: Buffer.from(payload), reply }
    return reply
  }
}
