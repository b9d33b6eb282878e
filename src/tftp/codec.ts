import { BifrostError } from "../util/errors.ts"
import { tftpErrors } from "./errors.ts"

/** RFC 1350 §5 and RFC 2347. Option names are lower case; values stay text, as they are on the wire. */
export type TftpPacket =
  | TftpRequest
  | { readonly type: "data"; readonly block: number; readonly data: Uint8Array }
  | { readonly type: "ack"; readonly block: number }
  | { readonly type: "error"; readonly code: number; readonly message: string }
  | { readonly type: "options"; readonly options: TftpOptions }

export interface TftpRequest {
  readonly type: "read" | "write"
  readonly file: string
  readonly mode: string
  readonly options: TftpOptions
}

export type TftpOptions = ReadonlyMap<string, string>

const opcode = { read: 1, write: 2, data: 3, ack: 4, error: 5, options: 6 } as const

/** RFC 1350, appendix; 8 is RFC 2347 §4. */
export const errorCode = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransfer: 5,
  optionRefused: 8,
} as const

/** Blocks are counted modulo 2^16: a client's next block after 65535 is 0, which every known loader expects. */
export const BLOCKS = 0x10000

export function decode(bytes: Uint8Array): TftpPacket {
  if (bytes.length < 4) throw malformed(`${bytes.length} bytes`)
  const first = bytes[0]! * 256 + bytes[1]!
  const second = bytes[2]! * 256 + bytes[3]!
  switch (first) {
    case opcode.read:
    case opcode.write: {
      const [file, mode, ...rest] = texts(bytes.subarray(2))
      if (file === undefined || mode === undefined) throw malformed("a request without file name or mode")
      const type = first === opcode.read ? "read" : "write"
      return { type, file, mode: mode.toLowerCase(), options: pairs(rest) }
    }
    case opcode.data:
      return { type: "data", block: second, data: Uint8Array.from(bytes.subarray(4)) }
    case opcode.ack:
      return { type: "ack", block: second }
    case opcode.error:
      return { type: "error", code: second, message: texts(bytes.subarray(4))[0] ?? "" }
    case opcode.options:
      return { type: "options", options: pairs(texts(bytes.subarray(2))) }
    default:
      throw malformed(`operation ${first}`)
  }
}

export function encode(packet: TftpPacket): Uint8Array {
  switch (packet.type) {
    case "read":
    case "write":
      return join(opcode[packet.type], zeroEnded([packet.file, packet.mode, ...[...packet.options].flat()]))
    case "data":
      return join(opcode.data, word(packet.block), packet.data)
    case "ack":
      return join(opcode.ack, word(packet.block))
    case "error":
      return join(opcode.error, word(packet.code), zeroEnded([packet.message]))
    case "options":
      return join(opcode.options, zeroEnded([...packet.options].flat()))
  }
}

/** Texts that end with NUL; what follows the last NUL counts as well, since some ROMs forget it. */
function texts(bytes: Uint8Array): string[] {
  const parts = Buffer.from(bytes).toString("latin1").split("\0")
  if (parts.at(-1) === "") parts.pop()
  return parts
}

function pairs(list: readonly string[]): TftpOptions {
  const options = new Map<string, string>()
  for (let at = 0; at + 1 < list.length; at += 2) options.set(list[at]!.toLowerCase(), list[at + 1]!)
  return options
}

function zeroEnded(list: readonly string[]): Uint8Array {
  return Buffer.from(list.map((text) => `${text}\0`).join(""), "latin1")
}

function word(value: number): Uint8Array {
  return Uint8Array.of((value >>> 8) & 255, value & 255)
}

function join(operation: number, ...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat([word(operation), ...parts])
}

function malformed(detail: string): BifrostError {
  return new BifrostError(tftpErrors.TFTP_MALFORMED, { detail })
}
