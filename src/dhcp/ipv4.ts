/** IPv4 addresses as dotted text outside and as unsigned 32-bit numbers for arithmetic. */

export const UNSPECIFIED = "0.0.0.0"
export const LIMITED_BROADCAST = "255.255.255.255"

/** The number of a dotted address, or undefined where the text is none. */
export function toNumber(address: string): number | undefined {
  const parts = address.split(".")
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return value
}

export function fromNumber(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join(".")
}

/** Four bytes at `offset`. The caller has checked the length. */
export function readAddress(bytes: Uint8Array, offset = 0): string {
  return bytes.subarray(offset, offset + 4).join(".")
}

/** The four bytes of a valid dotted address. */
export function addressBytes(address: string): Uint8Array {
  return Uint8Array.from(address.split("."), Number)
}

/** A network with its mask. */
export interface Network {
  readonly base: number
  readonly prefix: number
}

/** Reads "172.22.0.0/24" (host bits are dropped), or gives undefined. */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", prefixText = ""] = text.split("/")
  const value = toNumber(address)
  const prefix = Number(prefixText)
  if (value === undefined || !/^\d{1,2}$/.test(prefixText) || prefix > 32) return undefined
  return { base: (value & maskOf(prefix)) >>> 0, prefix }
}

export function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0
}

export function contains(network: Network, address: string): boolean {
  const value = toNumber(address)
  return value !== undefined && (value & maskOf(network.prefix)) >>> 0 === network.base
}

/** Neither the network's own address nor its broadcast address. */
export function isHost(network: Network, address: string): boolean {
  if (!contains(network, address)) return false
  if (network.prefix >= 31) return true
  const value = toNumber(address)
  return value !== network.base && value !== broadcastOf(network)
}

export function broadcastOf(network: Network): number {
  return (network.base | ~maskOf(network.prefix)) >>> 0
}
