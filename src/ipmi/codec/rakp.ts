import { malformed, need } from "./bytes.ts"

/** Session activation: Open Session (IPMI 2.0 §13.17, §13.18) and RAKP messages 1–4 (§13.20–13.23). */

/** §13.24, Table 13-15; only those that change what is done. */
export const rakpStatus = {
  ok: 0x00,
  noResources: 0x01,
  invalidSession: 0x02,
  badAuthentication: 0x04,
  badIntegrity: 0x05,
  noMatchingAuthentication: 0x06,
  noMatchingIntegrity: 0x07,
  inactiveSession: 0x08,
  badRole: 0x09,
  unauthorizedRole: 0x0a,
  noResourcesForRole: 0x0b,
  badName: 0x0c,
  unauthorizedName: 0x0d,
  unauthorizedGuid: 0x0e,
  badCheckValue: 0x0f,
  badConfidentiality: 0x10,
  noCipherSuite: 0x11,
  badParameter: 0x12,
} as const

export interface Algorithms {
  readonly authentication: number
  readonly integrity: number
  readonly confidentiality: number
}

export interface OpenSessionRequest extends Algorithms {
  readonly tag: number
  /** Highest privilege wanted; 0 leaves it to the BMC. */
  readonly privilege: number
  readonly consoleId: number
}

export interface OpenSessionResponse extends Algorithms {
  readonly tag: number
  readonly status: number
  readonly privilege: number
  readonly consoleId: number
  readonly bmcId: number
}

export interface Rakp1 {
  readonly tag: number
  readonly bmcId: number
  readonly consoleRandom: Buffer
  readonly role: number
  readonly username: string
}

export interface Rakp2 {
  readonly tag: number
  readonly status: number
  readonly consoleId: number
  readonly bmcRandom: Buffer
  readonly guid: Buffer
  readonly code: Buffer
}

export interface Rakp3 {
  readonly tag: number
  readonly status: number
  readonly bmcId: number
  readonly code: Buffer
}

export interface Rakp4 {
  readonly tag: number
  readonly status: number
  readonly consoleId: number
  readonly code: Buffer
}

/** Offsets of the three algorithm records, 8 bytes each: type, reserved, length 8, algorithm, reserved. */
function writeAlgorithms(bytes: Buffer, at: number, algorithms: Algorithms): void {
  const values = [algorithms.authentication, algorithms.integrity, algorithms.confidentiality]
  for (const [type, value] of values.entries()) {
    bytes[at + 8 * type] = type
    bytes[at + 8 * type + 3] = 8
    bytes[at + 8 * type + 4] = value
  }
}

/** A record of length 0 is a null algorithm, "pick one for me" (§13.17): reported as 3Fh, which no suite has. */
function readAlgorithms(bytes: Buffer, at: number): Algorithms {
  const [authentication, integrity, confidentiality] = [0, 1, 2].map((type) => {
    const record = at + 8 * type
    if (bytes[record] !== type) throw malformed(`algorithm record ${bytes[record]} in the place of ${type}`)
    return bytes[record + 3] === 0 ? 0x3f : bytes[record + 4]! & 0x3f
  }) as [number, number, number]
  return { authentication, integrity, confidentiality }
}

export function encodeOpenSessionRequest(message: OpenSessionRequest): Buffer {
  const bytes = Buffer.alloc(32)
  bytes[0] = message.tag
  bytes[1] = message.privilege
  bytes.writeUInt32LE(message.consoleId, 4)
  writeAlgorithms(bytes, 8, message)
  return bytes
}

export function decodeOpenSessionRequest(bytes: Buffer): OpenSessionRequest {
  need(bytes, 32, "RMCP+ Open Session Request")
  return {
    tag: bytes[0]!,
    privilege: bytes[1]! & 0x0f,
    consoleId: bytes.readUInt32LE(4),
    ...readAlgorithms(bytes, 8),
  }
}

/** With a status other than 0 only the first 8 bytes are sent (§13.18). */
export function encodeOpenSessionResponse(message: OpenSessionResponse): Buffer {
  const bytes = Buffer.alloc(message.status === 0 ? 36 : 8)
  bytes[0] = message.tag
  bytes[1] = message.status
  bytes[2] = message.privilege
  bytes.writeUInt32LE(message.consoleId, 4)
  if (message.status !== 0) return bytes
  bytes.writeUInt32LE(message.bmcId, 8)
  writeAlgorithms(bytes, 12, message)
  return bytes
}

export function decodeOpenSessionResponse(bytes: Buffer): OpenSessionResponse {
  // Some BMCs cut a failed response right after the status.
  need(bytes, 2, "RMCP+ Open Session Response")
  const [tag, status] = [bytes[0]!, bytes[1]!]
  if (status !== 0) {
    const consoleId = bytes.length >= 8 ? bytes.readUInt32LE(4) : 0
    return { tag, status, privilege: 0, consoleId, bmcId: 0, authentication: 0, integrity: 0, confidentiality: 0 }
  }
  need(bytes, 36, "RMCP+ Open Session Response")
  const [consoleId, bmcId] = [bytes.readUInt32LE(4), bytes.readUInt32LE(8)]
  return { tag, status, privilege: bytes[2]! & 0x0f, consoleId, bmcId, ...readAlgorithms(bytes, 12) }
}

/** A name longer than 16 bytes cannot be sent (§13.20); the caller has checked. */
export function encodeRakp1(message: Rakp1): Buffer {
  const name = Buffer.from(message.username, "latin1")
  const bytes = Buffer.alloc(28)
  bytes[0] = message.tag
  bytes.writeUInt32LE(message.bmcId, 4)
  message.consoleRandom.copy(bytes, 8)
  bytes[24] = message.role
  bytes[27] = name.length
  return Buffer.concat([bytes, name])
}

export function decodeRakp1(bytes: Buffer): Rakp1 {
  need(bytes, 28, "RAKP message 1")
  const nameLength = bytes[27]!
  if (nameLength > 16) throw malformed(`a user name of ${nameLength} bytes in RAKP message 1`)
  need(bytes, 28 + nameLength, "RAKP message 1")
  const username = bytes.subarray(28, 28 + nameLength).toString("latin1")
  const consoleRandom = bytes.subarray(8, 24)
  return { tag: bytes[0]!, bmcId: bytes.readUInt32LE(4), consoleRandom, role: bytes[24]!, username }
}

function head(tag: number, status: number, id: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes[0] = tag
  bytes[1] = status
  bytes.writeUInt32LE(id, 4)
  return bytes
}

function readHead(bytes: Buffer, what: string): { tag: number; status: number; id: number } {
  need(bytes, 8, what)
  return { tag: bytes[0]!, status: bytes[1]!, id: bytes.readUInt32LE(4) }
}

/** With a status other than 0 everything after the console's session id is left out, in RAKP 2 to 4 alike. */
export function encodeRakp2(message: Rakp2): Buffer {
  const start = head(message.tag, message.status, message.consoleId)
  return message.status === 0 ? Buffer.concat([start, message.bmcRandom, message.guid, message.code]) : start
}

export function decodeRakp2(bytes: Buffer): Rakp2 {
  const { tag, status, id: consoleId } = readHead(bytes, "RAKP message 2")
  if (status === 0) need(bytes, 40, "RAKP message 2")
  const body = status === 0 ? bytes : Buffer.alloc(40)
  const [bmcRandom, guid, code] = [body.subarray(8, 24), body.subarray(24, 40), body.subarray(40)]
  return { tag, status, consoleId, bmcRandom, guid, code }
}

export function encodeRakp3(message: Rakp3): Buffer {
  const start = head(message.tag, message.status, message.bmcId)
  return message.status === 0 ? Buffer.concat([start, message.code]) : start
}

export function decodeRakp3(bytes: Buffer): Rakp3 {
  const { tag, status, id: bmcId } = readHead(bytes, "RAKP message 3")
  return { tag, status, bmcId, code: status === 0 ? bytes.subarray(8) : Buffer.alloc(0) }
}

export function encodeRakp4(message: Rakp4): Buffer {
  const start = head(message.tag, message.status, message.consoleId)
  return message.status === 0 ? Buffer.concat([start, message.code]) : start
}

export function decodeRakp4(bytes: Buffer): Rakp4 {
  const { tag, status, id: consoleId } = readHead(bytes, "RAKP message 4")
  return { tag, status, consoleId, code: status === 0 ? bytes.subarray(8) : Buffer.alloc(0) }
}
