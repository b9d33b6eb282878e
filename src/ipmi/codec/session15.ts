import { malformed, need } from "./bytes.ts"

/**
 * IPMI 1.5 session wrapper outside a session (IPMI 2.0 §13.6, Table 13-8): authentication type none, sequence and session
 * zero. Only discovery uses it here: Get Channel Authentication Capabilities and its kind (§13.13).
 */
const headerLength = 10

export function encodeSession15(message: Buffer): Buffer {
  const header = Buffer.alloc(headerLength)
  header[9] = message.length
  return Buffer.concat([header, message])
}

/** Bytes after the stated length are legacy padding (§13.6, Table 13-8, "legacy PAD") and dropped. */
export function decodeSession15(body: Buffer): Buffer {
  need(body, headerLength, "IPMI 1.5 session header")
  if (body[0] !== 0) throw malformed(`IPMI 1.5 authentication type ${body[0]}`)
  if (body.readUInt32LE(5) !== 0) throw malformed("IPMI 1.5 message inside a session")
  const end = headerLength + body[9]!
  need(body, end, "IPMI 1.5 message")
  return body.subarray(headerLength, end)
}
