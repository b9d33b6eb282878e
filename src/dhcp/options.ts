import { BifrostError } from "../util/errors.ts"
import { dhcpErrors } from "./errors.ts"

/** Option codes that this server reads or writes, with the document that defines each. */
export const code = {
  pad: 0, // RFC 2132 §3.1
  subnetMask: 1, // §3.3
  router: 3, // §3.5
  nameServers: 6, // §3.8
  hostName: 12, // §3.14
  broadcastAddress: 28, // §5.3
  vendorSpecific: 43, // §8.4
  requestedAddress: 50, // §9.1
  leaseTime: 51, // §9.2
  overload: 52, // §9.3
  messageType: 53, // §9.6
  serverIdentifier: 54, // §9.4
  parameterRequestList: 55, // §9.8
  message: 56, // §9.9
  renewalTime: 58, // §9.11
  rebindingTime: 59, // §9.12
  vendorClass: 60, // §9.13
  clientIdentifier: 61, // §9.14
  tftpServerName: 66, // §9.4 (sname)
  bootFileName: 67, // §9.5 (file)
  userClass: 77, // RFC 3004
  relayAgent: 82, // RFC 3046
  clientArchitecture: 93, // RFC 4578 §2.1
  networkInterface: 94, // RFC 4578 §2.2
  clientUuid: 97, // RFC 4578 §2.3
  ipxe: 175, // https://ipxe.org/howto/dhcpd, encapsulated
  end: 255,
} as const

export type Options = ReadonlyMap<number, Uint8Array>

/**
 * Reads options into `into`: code → value. A code that occurs again continues the value (RFC 3396 §7). A missing END is
 * forgiven, since BOOTP-era relays cut it off; a length that points past the end is not.
 */
export function readOptions(bytes: Uint8Array, into: Map<number, Uint8Array>): void {
  let at = 0
  while (at < bytes.length) {
    const option = bytes[at++]!
    if (option === code.pad) continue
    if (option === code.end) return
    const length = bytes[at++]
    if (length === undefined || at + length > bytes.length) throw shortOption(option)
    const value = bytes.subarray(at, at + length)
    const earlier = into.get(option)
    into.set(option, Uint8Array.from(earlier ? [...earlier, ...value] : value))
    at += length
  }
}

/**
 * Options as bytes, END included. The message type leads, because some firmware reads no further than it must; the relay
 * agent's option comes last, as RFC 3046 §2.1 asks. Values longer than 255 bytes are split (RFC 3396 §5).
 */
export function writeOptions(options: Options): Uint8Array {
  const bytes: number[] = []
  for (const [option, value] of [...options].sort(([a], [b]) => rank(a) - rank(b))) {
    let at = 0
    do {
      const piece = value.subarray(at, at + 255)
      bytes.push(option, piece.length, ...piece)
      at += 255
    } while (at < value.length)
  }
  bytes.push(code.end)
  return Uint8Array.from(bytes)
}

function rank(option: number): number {
  if (option === code.messageType) return -2
  if (option === code.serverIdentifier) return -1
  return option === code.relayAgent ? 256 : option
}

function shortOption(option: number): BifrostError {
  return new BifrostError(dhcpErrors.DHCP_MALFORMED, { detail: `option ${option} is longer than what is left` })
}
