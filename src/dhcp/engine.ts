import type { Clock } from "../util/clock.ts"
import { contains, UNSPECIFIED } from "./ipv4.ts"
import type { Lease, LeaseBook, Reservations, Subnet } from "./lease-book.ts"
import { code } from "./options.ts"
import type { DhcpPacket } from "./packet.ts"
import type { AddressProbe } from "./probe.ts"
import { type Addressed, ackToInform, nak, offerOrAck } from "./reply.ts"
import { addressOf, messageTypeOf, type PxeClient, pxeClientOf, textOf } from "./values.ts"

export interface DhcpConfig {
  /** The server identifier, and the address that replies come from. */
  readonly address: string
  /** The network of the interface itself first, then those behind relays. */
  readonly subnets: readonly [Subnet, ...Subnet[]]
  readonly leaseSeconds: number
  readonly nameServers: readonly string[]
}

export interface BootRequest {
  readonly mac: string
  readonly client: PxeClient
}

/** What a machine shall load next. `file` is a TFTP path, or for iPXE a URL. */
export interface BootFile {
  readonly server: string
  readonly file: string
}

export interface DhcpPorts {
  readonly clock: Clock
  readonly leases: LeaseBook
  readonly probe: AddressProbe
  reservations(): Promise<Reservations>
  /** Asked only for clients that say that they boot from the network. */
  bootFile(request: BootRequest): Promise<BootFile | undefined>
}

/** What one message came to, for events and logs. */
export interface Exchange {
  readonly message: string
  readonly answer: "offer" | "ack" | "nak" | "none"
  readonly mac: string
  readonly address: string | undefined
  /** Why there is no answer, a NAK, or another address than the reserved one. */
  readonly why: string | undefined
  readonly relay: string | undefined
  readonly client: PxeClient
  readonly file: string | undefined
}

export interface Outcome {
  readonly exchange: Exchange
  readonly reply: Addressed | undefined
}

/** An offer is kept this long for its client: the span of a client's retries (RFC 2131 §4.1). */
const OFFER_MS = 60_000
/** How long an address rests after a conflict. */
const DECLINED_MS = 600_000
/**
 * The same where the last owner seems to answer. The kernel remembers who had an address, and takes 5 s and three
 * questions a second apart to notice that it has gone.
 */
const REMEMBERED_MS = 10_000
/** Addresses tried for one DISCOVER before it is left to the client's next one. */
const PROBES = 4

type Result = Partial<Pick<Exchange, "answer" | "address" | "why" | "file">> & { reply?: Addressed }
type Message = NonNullable<ReturnType<typeof messageTypeOf>>

/** The server's half of RFC 2131 §4.3: one message in, at most one out. Undefined: not for a server on this network. */
export async function answer(packet: DhcpPacket, config: DhcpConfig, ports: DhcpPorts): Promise<Outcome | undefined> {
  const message = messageTypeOf(packet)
  // Plain BOOTP, replies of other servers, and media other than Ethernet are none of ours.
  if (packet.op !== 1 || packet.htype !== 1 || packet.chaddr.length !== 17 || !message) return undefined
  const subnet = subnetOf(packet, config)
  const client = pxeClientOf(packet.options)
  const handle = subnet && handlers[message]
  const result: Result = handle
    ? await handle({ packet, config, ports, subnet, client, mac: packet.chaddr })
    : { why: subnet ? `${message} is a server's message` : "from a network that is not served here" }
  const exchange: Exchange = {
    message,
    answer: result.answer ?? "none",
    mac: packet.chaddr,
    address: result.address,
    why: result.why,
    relay: packet.giaddr === UNSPECIFIED ? undefined : packet.giaddr,
    client,
    file: result.file,
  }
  return { exchange, reply: result.reply }
}

/** Relays name their network by giaddr (§4.3.1); a client that renews across a router is known by its own address. */
function subnetOf({ giaddr, ciaddr }: DhcpPacket, { subnets }: DhcpConfig): Subnet | undefined {
  const within = (address: string) => subnets.find((subnet) => contains(subnet.network, address))
  if (giaddr !== UNSPECIFIED) return within(giaddr)
  return ciaddr === UNSPECIFIED ? subnets[0] : within(ciaddr)
}

interface Context {
  readonly packet: DhcpPacket
  readonly config: DhcpConfig
  readonly ports: DhcpPorts
  readonly subnet: Subnet
  readonly client: PxeClient
  readonly mac: string
}

const handlers: Partial<Record<Message, (context: Context) => Promise<Result>>> = {
  discover: onDiscover,
  request: onRequest,
  decline: onDecline,
  release: onRelease,
  inform: onInform,
}

async function onDiscover(context: Context): Promise<Result> {
  const { packet, config, ports, subnet, mac } = context
  const reservations = await ports.reservations()
  const wish = addressOf(packet.options, code.requestedAddress)
  let why: string | undefined
  for (let attempt = 0; attempt < PROBES; attempt++) {
    const address = ports.leases.choose({ mac, subnet, address: wish, reservations })
    if (!address) return { why: why ?? "no address is free" }
    const current = ports.leases.at(address)
    const renewed = current?.mac === mac && current.state === "bound" && current.expires_at > ports.clock.now()
    // Held before the probe, so that two machines that ask together are never offered the same address.
    if (!renewed) await ports.leases.put(leaseOf(context, address, "offered", OFFER_MS))
    // Only the interface's own network can be probed; behind a relay the client's own check has to do (§4.4.1).
    const holder = renewed || subnet !== config.subnets[0] ? undefined : await ports.probe.holderOf(address)
    const last = current?.state === "declined" ? undefined : current
    // Who releases an address has said itself that it is gone.
    const gone = last?.state === "released" && last.mac === holder
    if (holder === undefined || holder === mac || gone) {
      const reserved = reservations.addressOf(mac)
      if (!why && reserved && reserved !== address) why = `${reserved} is reserved for it and not free`
      return { ...(await grant(context, "offer", address)), why }
    }
    why = `${address} is in use by ${holder}`
    const rest = last?.mac === holder ? REMEMBERED_MS : DECLINED_MS
    await ports.leases.put({ ...leaseOf(context, address, "declined", rest), mac: holder })
  }
  return { why }
}

async function onRequest(context: Context): Promise<Result> {
  const { packet, config, ports, subnet, mac } = context
  const server = addressOf(packet.options, code.serverIdentifier)
  const requested = addressOf(packet.options, code.requestedAddress)
  const renewing = packet.ciaddr !== UNSPECIFIED
  const address = renewing ? packet.ciaddr : requested
  if (server && server !== config.address) {
    await dropOffer(context)
    return { why: `it chose the server ${server}` }
  }
  if (!address) return { why: "it names no address" }
  const refuse = (why: string): Result => ({ answer: "nak", address, why, reply: nak(packet, config, why) })

  if (!contains(subnet.network, address)) return refuse("the address is not on this network")
  const reservations = await ports.reservations()
  if (!ports.leases.isFree(address, mac, reservations)) return refuse("the address belongs to another machine")
  const known = ports.leases.at(address)?.mac === mac
  // Authoritative (docs/decisions/0021): a client that reboots with an address we never gave it starts over at once.
  if (!known && !renewing) return refuse("the address was not offered to it")
  const reserved = reservations.addressOf(mac)
  if (!server && !renewing && reserved && reserved !== address && ports.leases.isFree(reserved, mac, reservations))
    return refuse(`${reserved} is reserved for it`)

  await ports.leases.put(leaseOf(context, address, "bound", config.leaseSeconds * 1000))
  return grant(context, "ack", address)
}

async function onDecline(context: Context): Promise<Result> {
  const { ports, mac } = context
  const address = addressOf(context.packet.options, code.requestedAddress)
  if (!address || ports.leases.at(address)?.mac !== mac) return { address, why: "it declines what it was not given" }
  await ports.leases.put(leaseOf(context, address, "declined", DECLINED_MS))
  return { address, why: "it found the address in use" }
}

async function onRelease(context: Context): Promise<Result> {
  const { packet, ports, mac } = context
  const lease = ports.leases.at(packet.ciaddr)
  if (lease?.mac !== mac || lease.state !== "bound")
    return { address: packet.ciaddr, why: "it releases what it has not" }
  await ports.leases.put({ ...lease, state: "released", expires_at: ports.clock.now() })
  return { address: packet.ciaddr }
}

async function onInform(context: Context): Promise<Result> {
  const { packet, config, subnet } = context
  if (packet.ciaddr === UNSPECIFIED) return { why: "it names no address" }
  const boot = await bootFileFor(context)
  const reply = ackToInform(packet, { config, subnet, client: context.client, boot })
  return { answer: "ack", address: packet.ciaddr, file: boot?.file, reply }
}

async function grant(context: Context, answer: "offer" | "ack", address: string): Promise<Result> {
  const { packet, config, subnet, client } = context
  const boot = await bootFileFor(context)
  return {
    answer,
    address,
    file: boot?.file,
    reply: offerOrAck(packet, answer, address, { config, subnet, client, boot }),
  }
}

async function bootFileFor({ ports, client, mac }: Context): Promise<BootFile | undefined> {
  const boots = client.ipxe !== undefined || client.vendorClass?.startsWith("PXEClient")
  return boots ? ports.bootFile({ mac, client }) : undefined
}

/** The client took another server's offer: ours is free again at once. */
async function dropOffer({ packet, ports, mac }: Context): Promise<void> {
  const requested = addressOf(packet.options, code.requestedAddress)
  const lease = requested === undefined ? undefined : ports.leases.at(requested)
  if (lease?.mac === mac && lease.state === "offered")
    await ports.leases.put({ ...lease, state: "released", expires_at: ports.clock.now() })
}

function leaseOf({ packet, ports, mac }: Context, address: string, state: Lease["state"], ms: number): Lease {
  const id = packet.options.get(code.clientIdentifier)
  return {
    address,
    mac,
    client_id: id ? Buffer.from(id).toString("hex") : null,
    // RFC 952 and 1123 §2.1: the rest is no part of a name, and leases are shown to people.
    hostname: textOf(packet.options, code.hostName)?.replace(/[^\w.-]/g, "") || null,
    state,
    expires_at: ports.clock.now() + ms,
  }
}
