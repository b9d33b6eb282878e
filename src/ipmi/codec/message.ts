import { malformed, need } from "./bytes.ts"

/** IPMB-format messages as LAN carries them (IPMI 2.0 §13.8, Tables 13-9 and 13-10). */
const bmcAddress = 0x20
const consoleAddress = 0x81

export interface IpmiRequest {
  /** Even, 0…62. */
  readonly netFn: number
  readonly command: number
  /** 0…63: what ties a response to its request. */
  readonly sequence: number
  readonly data: Uint8Array
}

export interface IpmiResponse extends IpmiRequest {
  /** §5.2, Table 5-2. */
  readonly code: number
  readonly data: Buffer
}

/** Two's complement of the sum, modulo 256 (IPMB 1.0 §1.4): bytes and checksum add up to zero. */
export function checksum(bytes: Uint8Array): number {
  return -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff
}

function frame(to: number, netFn: number, from: number, sequence: number, body: readonly Uint8Array[]): Buffer {
  const head = Buffer.from([to, netFn << 2])
  const rest = Buffer.concat([Buffer.from([from, sequence << 2]), ...body])
  return Buffer.concat([head, Buffer.from([checksum(head)]), rest, Buffer.from([checksum(rest)])])
}

function unframe(bytes: Buffer, least: number, what: string): Buffer {
  need(bytes, least, what)
  if (checksum(bytes.subarray(0, 3)) !== 0) throw malformed(`${what}: header checksum`)
  if (checksum(bytes.subarray(3)) !== 0) throw malformed(`${what}: data checksum`)
  return bytes.subarray(0, -1)
}

export function encodeRequest(request: IpmiRequest): Buffer {
  const body = [Buffer.from([request.command]), request.data]
  return frame(bmcAddress, request.netFn, consoleAddress, request.sequence, body)
}

export function encodeResponse(response: IpmiResponse): Buffer {
  const body = [Buffer.from([response.command, response.code]), response.data]
  return frame(consoleAddress, response.netFn | 1, bmcAddress, response.sequence, body)
}

export function decodeRequest(bytes: Buffer): IpmiRequest {
  const body = unframe(bytes, 7, "IPMI request")
  const netFn = body[1]! >> 2
  if (netFn & 1) throw malformed("a response where a request is expected")
  return { netFn, command: body[5]!, sequence: body[4]! >> 2, data: body.subarray(6) }
}

/** `netFn` is that of the request, so that both sides name a command alike. */
export function decodeResponse(bytes: Buffer): IpmiResponse {
  const body = unframe(bytes, 8, "IPMI response")
  const netFn = body[1]! >> 2
  if (!(netFn & 1)) throw malformed("a request where a response is expected")
  return { netFn: netFn & ~1, command: body[5]!, sequence: body[4]! >> 2, code: body[6]!, data: body.subarray(7) }
}
