import type { BootFile, DhcpConfig } from "./engine.ts"
import { addressBytes, broadcastOf, fromNumber, LIMITED_BROADCAST, maskOf, UNSPECIFIED } from "./ipv4.ts"
import type { Subnet } from "./lease-book.ts"
import { code } from "./options.ts"
import { type DhcpPacket, fitsFileField } from "./packet.ts"
import * as values from "./values.ts"

export const SERVER_PORT = 67
export const CLIENT_PORT = 68

/** A message and where it goes. */
export interface Addressed {
  readonly packet: DhcpPacket
  readonly address: string
  readonly port: number
}

export interface ReplyContext {
  readonly config: DhcpConfig
  readonly subnet: Subnet
  readonly client: values.PxeClient
  readonly boot: BootFile | undefined
}

export function offerOrAck(
  request: DhcpPacket,
  type: "offer" | "ack",
  address: string,
  context: ReplyContext,
): Addressed {
  const { leaseSeconds } = context.config
  const options = commonOptions(request, type, context)
  options.set(code.leaseTime, values.uint32Value(leaseSeconds))
  // RFC 2131 §4.4.5: the defaults, said aloud for clients that have others.
  options.set(code.renewalTime, values.uint32Value(Math.floor(leaseSeconds / 2)))
  options.set(code.rebindingTime, values.uint32Value(Math.floor((leaseSeconds * 7) / 8)))
  return { packet: { ...header(request, context.boot), yiaddr: address, options }, ...destination(request) }
}

/** RFC 2131 §4.3.5: configuration without address and lease times, straight to the client. */
export function ackToInform(request: DhcpPacket, context: ReplyContext): Addressed {
  const packet = { ...header(request, context.boot), options: commonOptions(request, "ack", context) }
  return { packet, address: request.ciaddr, port: CLIENT_PORT }
}

export function nak(request: DhcpPacket, config: DhcpConfig, why: string): Addressed {
  const options = echoed(request)
  options.set(code.messageType, Uint8Array.of(values.messageType.nak))
  options.set(code.serverIdentifier, addressBytes(config.address))
  options.set(code.message, values.textValue(why))
  const relayed = request.giaddr !== UNSPECIFIED
  // §4.3.2: by broadcast, because the client must not use the address that it asked about; a relay is told to do so.
  const packet = {
    ...header(request, undefined),
    ciaddr: UNSPECIFIED,
    broadcast: relayed || request.broadcast,
    options,
  }
  if (relayed) return { packet, address: request.giaddr, port: SERVER_PORT }
  return { packet, address: LIMITED_BROADCAST, port: CLIENT_PORT }
}

/**
 * RFC 2131 §4.1. A client without an address would have to be reached by unicast to an address that it does not answer
 * ARP for yet; without raw sockets that is impossible, and broadcast always is allowed.
 */
function destination(request: DhcpPacket): { address: string; port: number } {
  if (request.giaddr !== UNSPECIFIED) return { address: request.giaddr, port: SERVER_PORT }
  if (request.ciaddr !== UNSPECIFIED) return { address: request.ciaddr, port: CLIENT_PORT }
  return { address: LIMITED_BROADCAST, port: CLIENT_PORT }
}

/** RFC 2131 §4.3.1, table 3. */
function header(request: DhcpPacket, boot: BootFile | undefined): Omit<DhcpPacket, "options"> {
  return {
    op: 2,
    htype: request.htype,
    hops: 0,
    xid: request.xid,
    secs: 0,
    broadcast: request.broadcast,
    ciaddr: request.ciaddr,
    yiaddr: UNSPECIFIED,
    siaddr: boot?.server ?? UNSPECIFIED,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: "",
    file: boot && fitsFileField(boot.file) ? boot.file : "",
  }
}

function commonOptions(request: DhcpPacket, type: "offer" | "ack", context: ReplyContext): Map<number, Uint8Array> {
  const { config, subnet, client, boot } = context
  const options = echoed(request)
  const router = subnet.router
  options.set(code.messageType, Uint8Array.of(values.messageType[type]))
  options.set(code.serverIdentifier, addressBytes(config.address))
  options.set(code.subnetMask, addressBytes(fromNumber(maskOf(subnet.network.prefix))))
  options.set(code.broadcastAddress, addressBytes(fromNumber(broadcastOf(subnet.network))))
  if (router) options.set(code.router, addressBytes(router))
  if (config.nameServers.length > 0) options.set(code.nameServers, values.addressesValue(config.nameServers))
  if (boot) addBoot(options, request, client, boot)
  return options
}

function addBoot(
  options: Map<number, Uint8Array>,
  request: DhcpPacket,
  client: values.PxeClient,
  boot: BootFile,
): void {
  const requested = request.options.get(code.parameterRequestList) ?? new Uint8Array()
  // ROMs read the header's fields, UEFI prefers 66 and 67; those who did not ask for the options may choke on them.
  if (requested.includes(code.tftpServerName)) options.set(code.tftpServerName, values.textValue(boot.server))
  if (requested.includes(code.bootFileName) || !fitsFileField(boot.file))
    options.set(code.bootFileName, values.textValue(boot.file))
  if (client.ipxe) {
    options.set(code.ipxe, values.ipxeWithoutProxy())
    return
  }
  options.set(code.vendorClass, values.textValue("PXEClient"))
  options.set(code.vendorSpecific, values.pxeUseThisBootFile())
  // RFC 4578 §2 wants all three in a server's packets too. Firmware looks for its UUID; the others go to those who ask.
  for (const option of [code.clientArchitecture, code.networkInterface, code.clientUuid]) {
    const value = request.options.get(option)
    if (value && (option === code.clientUuid || requested.includes(option))) options.set(option, value)
  }
}

/** Client identifier (RFC 6842 §3) and the relay's information (RFC 3046 §2.2) go back as they came. */
function echoed(request: DhcpPacket): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>()
  for (const option of [code.clientIdentifier, code.relayAgent]) {
    const value = request.options.get(option)
    if (value) options.set(option, value)
  }
  return options
}
