import { malformed, need } from "./bytes.ts"

/** RMCP (IPMI 2.0 §13.1.3): version 06h, reserved, sequence FFh ("send no RMCP ACK"), class of message. */
const version = 0x06
const noAck = 0xff
export const rmcpClass = { asf: 0x06, ipmi: 0x07 } as const
export type RmcpClass = keyof typeof rmcpClass

export interface RmcpMessage {
  readonly class: RmcpClass
  readonly body: Buffer
}

export function encodeRmcp(message: RmcpMessage): Buffer {
  return Buffer.concat([Buffer.from([version, 0, noAck, rmcpClass[message.class]]), message.body])
}

/** Throws IPMI_MALFORMED for another version, for RMCP ACKs (bit 7 of the class) and for classes other than ASF and IPMI. */
export function decodeRmcp(bytes: Buffer): RmcpMessage {
  need(bytes, 4, "RMCP header")
  if (bytes[0] !== version) throw malformed(`RMCP version ${bytes[0]}`)
  const body = bytes.subarray(4)
  if (bytes[3] === rmcpClass.asf) return { class: "asf", body }
  if (bytes[3] === rmcpClass.ipmi) return { class: "ipmi", body }
  throw malformed(`RMCP class ${bytes[3]}`)
}
