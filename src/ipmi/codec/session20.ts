import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from "node:crypto"
import { malformed, need } from "./bytes.ts"
import type { CipherSuite } from "./suites.ts"

/** RMCP+ session wrapper (IPMI 2.0 §13.6, Table 13-8) with HMAC integrity (§13.28.4) and AES-CBC-128 (§13.29). */
const authTypeRmcpPlus = 0x06
const nextHeader = 0x07
const encryptedBit = 0x80
const authenticatedBit = 0x40
const headerLength = 12
const blockLength = 16

/** Table 13-16. */
export const payloadTypes = {
  ipmi: 0x00,
  sol: 0x01,
  openSessionRequest: 0x10,
  openSessionResponse: 0x11,
  rakp1: 0x12,
  rakp2: 0x13,
  rakp3: 0x14,
  rakp4: 0x15,
} as const

export interface SessionPacket {
  readonly payloadType: number
  /** Of the receiver; 0 outside a session. */
  readonly sessionId: number
  readonly sequence: number
  readonly payload: Buffer
}

/** What protects the packets of one session in both directions. */
export interface Protection {
  readonly suite: CipherSuite
  /** Integrity key. */
  readonly k1: Buffer
  /** Its first 16 bytes are the AES key. */
  readonly k2: Buffer
}

export function isSession20(body: Buffer): boolean {
  return body[0] === authTypeRmcpPlus
}

/** The session id that a packet claims, before anything is verified. */
export function claimedSession(body: Buffer): number {
  need(body, headerLength, "RMCP+ session header")
  return body.readUInt32LE(2)
}

function header(packet: SessionPacket, flags: number, length: number): Buffer {
  const bytes = Buffer.alloc(headerLength)
  bytes[0] = authTypeRmcpPlus
  bytes[1] = packet.payloadType | flags
  bytes.writeUInt32LE(packet.sessionId, 2)
  bytes.writeUInt32LE(packet.sequence, 6)
  bytes.writeUInt16LE(length, 10)
  return bytes
}

/** Handshake and discovery: neither encrypted nor authenticated. */
export function encodeOpen(packet: SessionPacket): Buffer {
  return Buffer.concat([header(packet, 0, packet.payload.length), packet.payload])
}

export function decodeOpen(body: Buffer): SessionPacket {
  const { packet, flags } = decodeHeader(body)
  if (flags !== 0) throw malformed("a protected RMCP+ packet outside a session")
  return packet
}

/** Inside a session. `iv` is 16 random bytes. */
export function seal(packet: SessionPacket, protection: Protection, iv: Buffer): Buffer {
  const payload = encrypt(packet.payload, protection.k2, iv)
  const head = header(packet, encryptedBit | authenticatedBit, payload.length)
  // Integrity pad FFh brings everything from the authentication type to the next header to a multiple of 4.
  const padLength = -(head.length + payload.length + 2) & 3
  const trailer = Buffer.from([...Array<number>(padLength).fill(0xff), padLength, nextHeader])
  const covered = Buffer.concat([head, payload, trailer])
  return Buffer.concat([covered, authCode(covered, protection)])
}

/** Verifies, then decrypts. Throws IPMI_MALFORMED for anything unprotected, forged or cut. */
export function open(body: Buffer, protection: Protection): SessionPacket {
  const { packet, flags } = decodeHeader(body)
  if (flags !== (encryptedBit | authenticatedBit)) throw malformed("an unprotected RMCP+ packet inside a session")
  const coveredLength = body.length - protection.suite.codeLength
  if (coveredLength < headerLength + packet.payload.length + 2) throw malformed("RMCP+ packet without its AuthCode")
  const covered = body.subarray(0, coveredLength)
  if (!timingSafeEqual(body.subarray(coveredLength), authCode(covered, protection))) {
    throw malformed("RMCP+ packet with a wrong AuthCode")
  }
  return { ...packet, payload: decrypt(packet.payload, protection.k2) }
}

function decodeHeader(body: Buffer): { packet: SessionPacket; flags: number } {
  need(body, headerLength, "RMCP+ session header")
  if (!isSession20(body)) throw malformed(`RMCP+ authentication type ${body[0]}`)
  const payloadType = body[1]! & 0x3f
  // Type 2 has six more bytes of header (OEM IANA and payload id); nothing here speaks it.
  if (payloadType === 2) throw malformed("an OEM payload")
  const end = headerLength + body.readUInt16LE(10)
  need(body, end, "RMCP+ payload")
  const payload = body.subarray(headerLength, end)
  const packet = { payloadType, sessionId: body.readUInt32LE(2), sequence: body.readUInt32LE(6), payload }
  return { packet, flags: body[1]! & 0xc0 }
}

function authCode(covered: Buffer, { suite, k1 }: Protection): Buffer {
  return createHmac(suite.hash, k1).update(covered).digest().subarray(0, suite.codeLength)
}

/** §13.29: IV, then the payload padded with 01h, 02h, … and the pad's length. */
function encrypt(payload: Buffer, k2: Buffer, iv: Buffer): Buffer {
  const padLength = -(payload.length + 1) & (blockLength - 1)
  const pad = Buffer.from([...Array.from({ length: padLength }, (_, index) => index + 1), padLength])
  const cipher = createCipheriv("aes-128-cbc", k2.subarray(0, blockLength), iv).setAutoPadding(false)
  return Buffer.concat([iv, cipher.update(payload), cipher.update(pad), cipher.final()])
}

function decrypt(payload: Buffer, k2: Buffer): Buffer {
  if (payload.length < 2 * blockLength || payload.length % blockLength !== 0) {
    throw malformed(`an AES-CBC payload of ${payload.length} bytes`)
  }
  const iv = payload.subarray(0, blockLength)
  const decipher = createDecipheriv("aes-128-cbc", k2.subarray(0, blockLength), iv).setAutoPadding(false)
  const plain = Buffer.concat([decipher.update(payload.subarray(blockLength)), decipher.final()])
  const padLength = plain.at(-1)!
  // The packet was authenticated before, so the pad's own bytes are not checked: some BMCs fill them with zeros.
  if (padLength >= plain.length) throw malformed("an AES-CBC pad longer than its payload")
  return plain.subarray(0, plain.length - 1 - padLength)
}
