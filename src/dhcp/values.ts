import { addressBytes, readAddress, UNSPECIFIED } from "./ipv4.ts"
import { code, type Options, readOptions, writeOptions } from "./options.ts"
import type { DhcpPacket } from "./packet.ts"

/** Typed views of option values. A value of the wrong size reads as absent: clients send strange things. */

/** RFC 2132 §9.6. */
export const messageType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const

export function messageTypeOf(packet: DhcpPacket): keyof typeof messageType | undefined {
  const value = packet.options.get(code.messageType)
  if (value?.length !== 1) return undefined
  const entry = Object.entries(messageType).find(([, number]) => number === value[0])
  return entry?.[0] as keyof typeof messageType | undefined
}

/** An address option, or undefined where it is absent, malformed or 0.0.0.0. */
export function addressOf(options: Options, option: number): string | undefined {
  const value = options.get(option)
  if (value?.length !== 4) return undefined
  const address = readAddress(value)
  return address === UNSPECIFIED ? undefined : address
}

/** Text up to the first NUL, which some clients append (RFC 2132 §2). */
export function textOf(options: Options, option: number): string | undefined {
  const value = options.get(option)
  return value && Buffer.from(value).toString("latin1").split("\0")[0]
}

/** What a PXE client says about its machine (RFC 4578 §2) and itself. */
export interface PxeClient {
  /** Option 93, the first of the types offered; undefined where the client is no PXE client. */
  readonly arch: number | undefined
  /** Option 97 type 0 as canonical UUID, byte order as on the wire; undefined where zero or all ones. */
  readonly uuid: string | undefined
  /** Option 60. */
  readonly vendorClass: string | undefined
  /** Option 77. */
  readonly userClasses: readonly string[]
  /** iPXE's option 175: what the build can do; undefined where the client is not iPXE. */
  readonly ipxe: IpxeFeatures | undefined
}

export interface IpxeFeatures {
  readonly http: boolean
  readonly version: string | undefined
}

export function pxeClientOf(options: Options): PxeClient {
  return {
    arch: archOf(options.get(code.clientArchitecture)),
    uuid: uuidOf(options.get(code.clientUuid)),
    vendorClass: textOf(options, code.vendorClass),
    userClasses: userClassesOf(options.get(code.userClass)),
    ipxe: ipxeOf(options),
  }
}

function archOf(value: Uint8Array | undefined): number | undefined {
  return value && value.length >= 2 ? value[0]! * 256 + value[1]! : undefined
}

function uuidOf(value: Uint8Array | undefined): string | undefined {
  if (value?.length !== 17 || value[0] !== 0) return undefined
  const hex = Buffer.from(value.subarray(1)).toString("hex")
  // Boards that were never given a UUID send all zeros or all ones.
  if (/^(0+|f+)$/.test(hex)) return undefined
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

/** RFC 3004 §4: a list of length-prefixed texts. iPXE sends its name raw instead; where lengths do not add up, it is raw. */
export function userClassesOf(value: Uint8Array | undefined): string[] {
  if (!value || value.length === 0) return []
  const classes: string[] = []
  let at = 0
  while (at < value.length) {
    const length = value[at]!
    if (length === 0 || at + 1 + length > value.length) return [Buffer.from(value).toString("latin1")]
    classes.push(Buffer.from(value.subarray(at + 1, at + 1 + length)).toString("latin1"))
    at += 1 + length
  }
  return classes
}

/** Sub-options of 175, from iPXE's src/include/ipxe/dhcp.h and features.h. */
const ipxeOption = { noProxyDhcp: 0xb0, version: 0xeb, http: 0x13 } as const

function ipxeOf(options: Options): IpxeFeatures | undefined {
  const value = options.get(code.ipxe)
  if (!value)
    return userClassesOf(options.get(code.userClass)).includes("iPXE") ? { http: true, version: undefined } : undefined
  const inner = new Map<number, Uint8Array>()
  try {
    readOptions(value, inner)
  } catch {
    // Etherboot and gPXE used 175 for other things; such a client gets a loader of ours.
    return undefined
  }
  const version = inner.get(ipxeOption.version)
  return { http: inner.get(ipxeOption.http)?.[0] === 1, version: version && [...version].join(".") }
}

/** Option 175 that tells iPXE not to wait two seconds for a proxy DHCP server. */
export function ipxeWithoutProxy(): Uint8Array {
  return withoutEnd(writeOptions(new Map([[ipxeOption.noProxyDhcp, Uint8Array.of(1)]])))
}

/**
 * Option 43 for PXE firmware: PXE_DISCOVERY_CONTROL with bit 3, "take the boot file named here, ask no boot server"
 * (PXE 2.1 §2.4, table 2-1). Without it strict ROMs go looking for a boot server on port 4011.
 */
export function pxeUseThisBootFile(): Uint8Array {
  return writeOptions(new Map([[6, Uint8Array.of(8)]]))
}

function withoutEnd(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, -1)
}

export function addressesValue(addresses: readonly string[]): Uint8Array {
  return Buffer.concat(addresses.map(addressBytes))
}

export function uint32Value(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return Uint8Array.from(bytes)
}

export function textValue(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"))
}
