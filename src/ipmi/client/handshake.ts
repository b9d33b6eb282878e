import { randomBytes, timingSafeEqual } from "node:crypto"
import type { Clock } from "../../util/clock.ts"
import { BifrostError, type CodedKind } from "../../util/errors.ts"
import type { Secret } from "../../util/secret.ts"
import { commands } from "../codec/commands.ts"
import { type AuthCapabilities, decodeAuthCapabilities, encodeAuthCapabilitiesRequest } from "../codec/discovery.ts"
import { protection, rakp2Code, rakp3Code, rakp4Code, sessionKey } from "../codec/keys.ts"
import { decodeResponse, encodeRequest } from "../codec/message.ts"
import {
  decodeOpenSessionResponse,
  decodeRakp2,
  decodeRakp4,
  encodeOpenSessionRequest,
  encodeRakp1,
  encodeRakp3,
  rakpStatus,
} from "../codec/rakp.ts"
import { decodeRmcp, encodeRmcp } from "../codec/rmcp.ts"
import { decodeSession15, encodeSession15 } from "../codec/session15.ts"
import { decodeOpen, encodeOpen, isSession20, payloadTypes } from "../codec/session20.ts"
import { type CipherSuite, type SuiteId, suites } from "../codec/suites.ts"
import { ipmiErrors } from "../errors.ts"
import { type Privilege, privileges } from "../types.ts"
import { exchange, type Patience } from "./exchange.ts"
import type { UdpLink } from "./link.ts"
import { Session } from "./session.ts"

export interface Login {
  readonly node: string
  readonly username: string
  readonly password: Secret
  readonly privilege: Privilege
  /** In order of preference. */
  readonly suites: readonly SuiteId[]
}

interface Context {
  readonly link: UdpLink
  readonly clock: Clock
  readonly login: Login
  readonly patience: Patience
}

/** A step that loses this many packets in a row starts over with Open Session: the BMC may have forgotten the exchange. */
const attemptsPerStep = 4
/** IPMI 2.0 §13.20, Table 13-11, byte 25 bit 4: find the user by name, whatever privilege is asked for. */
const byNameOnly = 0x10

/** Statuses that mean "not this suite" in an Open Session Response. */
const suiteRefusals: readonly number[] = [
  rakpStatus.badAuthentication,
  rakpStatus.badIntegrity,
  rakpStatus.noMatchingAuthentication,
  rakpStatus.noMatchingIntegrity,
  rakpStatus.badConfidentiality,
  rakpStatus.noCipherSuite,
]

/** Statuses (§13.24) that no second attempt changes. Any other is a hiccup: the exchange starts over. */
const finalStatus: Readonly<Record<number, CodedKind>> = {
  [rakpStatus.noResources]: ipmiErrors.BMC_FULL,
  [rakpStatus.noResourcesForRole]: ipmiErrors.BMC_FULL,
  [rakpStatus.badRole]: ipmiErrors.BMC_PRIVILEGE,
  [rakpStatus.unauthorizedRole]: ipmiErrors.BMC_PRIVILEGE,
  [rakpStatus.badName]: ipmiErrors.BMC_USER_UNKNOWN,
  [rakpStatus.unauthorizedName]: ipmiErrors.BMC_USER_UNKNOWN,
}

/**
 * Discovery, then Open Session and RAKP 1–4 with the first suite that the BMC takes. Rejects with BMC_SILENT (naming what
 * was never answered), BMC_USER_UNKNOWN, BMC_WRONG_PASSWORD, BMC_PRIVILEGE, BMC_FULL or BMC_NO_CIPHER.
 */
export async function openSession(
  link: UdpLink,
  clock: Clock,
  login: Login,
  patience: Patience,
): Promise<{ session: Session; suite: SuiteId }> {
  const context = { link, clock, login, patience }
  const capabilities = await discover(context)
  if (!capabilities.ipmi20) throw failure(context, ipmiErrors.BMC_NO_CIPHER, "it speaks only IPMI 1.5")
  if (capabilities.bmcKey) throw failure(context, ipmiErrors.BMC_NO_CIPHER, "it demands a BMC key (K_G)")
  let unanswered = "RMCP+ Open Session"
  while (clock.now() < patience.deadline) {
    let refused = 0
    for (const id of login.suites) {
      const outcome = await activate(context, suites[id])
      if (outcome instanceof Session) return { session: outcome, suite: id }
      if (outcome === "refused") refused += 1
      else unanswered = outcome
    }
    if (refused === login.suites.length) {
      throw failure(context, ipmiErrors.BMC_NO_CIPHER, `it refused suites ${login.suites.join(" and ")}`)
    }
  }
  throw failure(context, ipmiErrors.BMC_SILENT, `it answered discovery, but never ${unanswered}`)
}

function failure({ login }: Context, kind: CodedKind, detail: string): BifrostError {
  return new BifrostError(kind, { node: login.node, detail })
}

/** Get Channel Authentication Capabilities outside a session (§13.14): shows that a BMC is there at all. */
async function discover(context: Context): Promise<AuthCapabilities> {
  const { link, clock, login, patience } = context
  const { netFn, command } = commands.getChannelAuthCapabilities
  const message = encodeRequest({ netFn, command, sequence: 0, data: encodeAuthCapabilitiesRequest(login.privilege) })
  const packet = encodeRmcp({ class: "ipmi", body: encodeSession15(message) })
  const accept = (bytes: Buffer) => {
    const { class: kind, body } = decodeRmcp(bytes)
    if (kind !== "ipmi" || isSession20(body)) return undefined
    const response = decodeResponse(decodeSession15(body))
    return response.command === command && response.code === 0 ? decodeAuthCapabilities(response.data) : undefined
  }
  const capabilities = await exchange(link, clock, { packet: () => packet, accept }, patience)
  if (capabilities) return capabilities
  const unreachable = link.refused ? "; its host says that nothing listens on the port" : ""
  throw failure(context, ipmiErrors.BMC_SILENT, `no reply to get channel auth capabilities${unreachable}`)
}

/** One attempt. A session, or "refused" (not this suite), or the name of the message that was not answered well. */
async function activate(context: Context, suite: CipherSuite): Promise<Session | "refused" | string> {
  const { link, clock, login } = context
  const password = login.password.reveal()
  const consoleId = randomBytes(4).readUInt32LE() || 1
  const tag = randomBytes(1)[0]!
  const { authentication, integrity, confidentiality } = suite

  const opened = await step(context, {
    request: [
      payloadTypes.openSessionRequest,
      encodeOpenSessionRequest({ tag, privilege: 0, consoleId, authentication, integrity, confidentiality }),
    ],
    response: payloadTypes.openSessionResponse,
    decode: decodeOpenSessionResponse,
    ours: (message) => message.tag === tag && (message.status !== 0 || message.consoleId === consoleId),
  })
  if (!opened) return "RMCP+ Open Session"
  if (suiteRefusals.includes(opened.status)) return "refused"
  if (opened.status !== 0) return rejected(context, "RMCP+ Open Session", opened.status)

  const role = byNameOnly | privileges[login.privilege]
  const consoleRandom = randomBytes(16)
  const reached = await step(context, {
    request: [
      payloadTypes.rakp1,
      encodeRakp1({ tag, bmcId: opened.bmcId, consoleRandom, role, username: login.username }),
    ],
    response: payloadTypes.rakp2,
    decode: decodeRakp2,
    ours: (message) => message.tag === tag && (message.status !== 0 || message.consoleId === consoleId),
  })
  if (!reached) return "RAKP message 1"
  if (reached.status === rakpStatus.badCheckValue) throw wrongPassword(context)
  if (reached.status !== 0) return rejected(context, "RAKP message 1", reached.status)
  const { bmcRandom, guid } = reached
  const agreed = {
    suite,
    consoleId,
    bmcId: opened.bmcId,
    consoleRandom,
    bmcRandom,
    guid,
    role,
    username: login.username,
  }
  if (!equal(reached.code, rakp2Code(agreed, password))) throw wrongPassword(context)

  const sik = sessionKey(agreed, password)
  const activated = await step(context, {
    request: [
      payloadTypes.rakp3,
      encodeRakp3({ tag, status: 0, bmcId: opened.bmcId, code: rakp3Code(agreed, password) }),
    ],
    response: payloadTypes.rakp4,
    decode: decodeRakp4,
    ours: (message) => message.tag === tag && (message.status !== 0 || message.consoleId === consoleId),
  })
  if (!activated) return "RAKP message 3"
  // The BMC knew our password in RAKP 2, so "invalid check value" is an exchange mixed up by a retransmission.
  if (activated.status !== 0) return rejected(context, "RAKP message 3", activated.status)
  if (!equal(activated.code, rakp4Code(agreed, sik))) return "RAKP message 3"
  return new Session(link, clock, { consoleId, bmcId: opened.bmcId }, protection(suite, sik))
}

interface Step<T> {
  readonly request: readonly [payloadType: number, payload: Buffer]
  readonly response: number
  decode(payload: Buffer): T
  ours(message: T): boolean
}

function step<T>({ link, clock, patience }: Context, { request, response, decode, ours }: Step<T>) {
  const [payloadType, payload] = request
  const packet = encodeRmcp({
    class: "ipmi",
    body: encodeOpen({ payloadType, sessionId: 0, sequence: 0, payload }),
  })
  const accept = (bytes: Buffer) => {
    const { class: kind, body } = decodeRmcp(bytes)
    if (kind !== "ipmi" || !isSession20(body)) return undefined
    const reply = decodeOpen(body)
    if (reply.payloadType !== response) return undefined
    const message = decode(reply.payload)
    return ours(message) ? message : undefined
  }
  return exchange(link, clock, { packet: () => packet, accept }, { ...patience, attempts: attemptsPerStep })
}

function rejected(context: Context, what: string, status: number): string {
  const kind = finalStatus[status]
  const detail = `status ${status.toString(16).padStart(2, "0")}h to ${what}`
  if (kind) throw failure(context, kind, `user ${context.login.username}, ${detail}`)
  return `${what} well (${detail})`
}

function wrongPassword(context: Context): BifrostError {
  return failure(context, ipmiErrors.BMC_WRONG_PASSWORD, `user ${context.login.username}`)
}

function equal(got: Buffer, wanted: Buffer): boolean {
  return got.length === wanted.length && timingSafeEqual(got, wanted)
}
