import { need } from "./bytes.ts"

/** Serial over LAN payload (IPMI 2.0 §15.9, Table 15-2). */
export interface SolPacket {
  /** 1…15; 0 for a packet that only acknowledges. */
  readonly sequence: number
  /** The packet acknowledged; 0 for none. */
  readonly acked: number
  /** How many characters of that packet were taken. */
  readonly accepted: number
  readonly nack: boolean
  /** From the console: send a break. From the BMC: SOL is being deactivated. */
  readonly signal: boolean
  /** From the BMC: characters were lost. */
  readonly overrun: boolean
  readonly data: Buffer
}

const bits = { nack: 0x40, signal: 0x10, overrun: 0x08 } as const

/** What a SOL payload may hold: 255 bytes in all, as BMCs state in their answer to Activate Payload. */
export const solDataLimit = 251

export function encodeSol(packet: SolPacket): Buffer {
  const status = (packet.nack ? bits.nack : 0) | (packet.signal ? bits.signal : 0) | (packet.overrun ? bits.overrun : 0)
  return Buffer.concat([Buffer.from([packet.sequence, packet.acked, packet.accepted, status]), packet.data])
}

export function decodeSol(bytes: Buffer): SolPacket {
  need(bytes, 4, "SOL payload")
  const status = bytes[3]!
  return {
    sequence: bytes[0]! & 0x0f,
    acked: bytes[1]! & 0x0f,
    accepted: bytes[2]!,
    nack: (status & bits.nack) !== 0,
    signal: (status & bits.signal) !== 0,
    overrun: (status & bits.overrun) !== 0,
    data: bytes.subarray(4),
  }
}
