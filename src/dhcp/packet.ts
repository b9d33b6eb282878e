import { BifrostError } from "../util/errors.ts"
import { dhcpErrors } from "./errors.ts"
import { addressBytes, readAddress } from "./ipv4.ts"
import { code, type Options, readOptions, writeOptions } from "./options.ts"

/** RFC 2131 §2, figure 1. */
export interface DhcpPacket {
  /** 1 BOOTREQUEST, 2 BOOTREPLY. */
  readonly op: number
  readonly htype: number
  readonly hops: number
  readonly xid: number
  readonly secs: number
  /** The client cannot receive unicast before it has an address (§4.1). */
  readonly broadcast: boolean
  readonly ciaddr: string
  readonly yiaddr: string
  readonly siaddr: string
  readonly giaddr: string
  /** The client's hardware address: lower case, colons, as many bytes as hlen says. */
  readonly chaddr: string
  /** Empty where the field carries options (option 52). */
  readonly sname: string
  readonly file: string
  readonly options: Options
}

const HEADER = 236
const COOKIE = [99, 130, 83, 99]
/** BOOTP's smallest message (RFC 1542 §2.1): old relays and ROMs drop shorter ones. */
const SMALLEST = 300
const SNAME = { at: 44, size: 64 }
const FILE = { at: 108, size: 128 }
const BROADCAST_FLAG = 0x8000

export function decodePacket(bytes: Uint8Array): DhcpPacket {
  if (bytes.length < HEADER + COOKIE.length) throw malformed(`${bytes.length} bytes`, "240 or more")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (COOKIE.some((byte, index) => bytes[HEADER + index] !== byte)) throw malformed("no magic cookie", "63.82.53.63")
  const hlen = bytes[2]!
  if (hlen > 16) throw malformed(`hardware address of ${hlen} bytes`, "16 or fewer")

  const options = new Map<number, Uint8Array>()
  readOptions(bytes.subarray(HEADER + COOKIE.length), options)
  // RFC 2132 §9.3: bit 1 says that `file` holds further options, bit 2 that `sname` does; `file` is read first.
  const overload = options.get(code.overload)?.[0] ?? 0
  options.delete(code.overload)
  if (overload & 1) readOptions(field(bytes, FILE), options)
  if (overload & 2) readOptions(field(bytes, SNAME), options)
  options.delete(code.overload)

  return {
    op: bytes[0]!,
    htype: bytes[1]!,
    hops: bytes[3]!,
    xid: view.getUint32(4),
    secs: view.getUint16(8),
    broadcast: (view.getUint16(10) & BROADCAST_FLAG) !== 0,
    ciaddr: readAddress(bytes, 12),
    yiaddr: readAddress(bytes, 16),
    siaddr: readAddress(bytes, 20),
    giaddr: readAddress(bytes, 24),
    chaddr: Buffer.from(bytes.subarray(28, 28 + hlen))
      .toString("hex")
      .replace(/..(?!$)/g, "$&:"),
    sname: overload & 2 ? "" : text(field(bytes, SNAME)),
    file: overload & 1 ? "" : text(field(bytes, FILE)),
    options,
  }
}

/** Throws DHCP_MALFORMED when a value does not fit its field. */
export function encodePacket(packet: DhcpPacket): Uint8Array {
  const options = writeOptions(packet.options)
  const bytes = new Uint8Array(Math.max(SMALLEST, HEADER + COOKIE.length + options.length))
  const view = new DataView(bytes.buffer)
  const hardware = Buffer.from(packet.chaddr.replaceAll(":", ""), "hex")
  if (hardware.length > 16) throw malformed(`hardware address of ${hardware.length} bytes`, "16 or fewer")
  bytes.set([packet.op, packet.htype, hardware.length, packet.hops])
  view.setUint32(4, packet.xid)
  view.setUint16(8, packet.secs)
  view.setUint16(10, packet.broadcast ? BROADCAST_FLAG : 0)
  bytes.set(addressBytes(packet.ciaddr), 12)
  bytes.set(addressBytes(packet.yiaddr), 16)
  bytes.set(addressBytes(packet.siaddr), 20)
  bytes.set(addressBytes(packet.giaddr), 24)
  bytes.set(hardware, 28)
  setText(bytes, packet.sname, SNAME)
  setText(bytes, packet.file, FILE)
  bytes.set(COOKIE, HEADER)
  bytes.set(options, HEADER + COOKIE.length)
  return bytes
}

/** Whether a boot file name fits the header's field with the NUL that firmware expects behind it. */
export function fitsFileField(file: string): boolean {
  return Buffer.byteLength(file, "latin1") < FILE.size
}

interface Field {
  readonly at: number
  readonly size: number
}

function field(bytes: Uint8Array, { at, size }: Field): Uint8Array {
  return bytes.subarray(at, at + size)
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("latin1")
}

function setText(bytes: Uint8Array, value: string, { at, size }: Field): void {
  const encoded = Buffer.from(value, "latin1")
  if (encoded.length >= size) throw malformed(`a text of ${encoded.length} bytes`, `fewer than ${size}`)
  bytes.set(encoded, at)
}

function malformed(detail: string, expected: string): BifrostError {
  return new BifrostError(dhcpErrors.DHCP_MALFORMED, { detail, expected })
}
