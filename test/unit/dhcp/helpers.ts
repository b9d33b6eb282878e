import type { DhcpConfig, DhcpPorts } from "../../../src/dhcp/engine.ts"
import { addressBytes, parseNetwork, toNumber } from "../../../src/dhcp/ipv4.ts"
import { type Lease, openLeaseBook, reservationsOf, type Subnet } from "../../../src/dhcp/lease-book.ts"
import { code } from "../../../src/dhcp/options.ts"
import type { DhcpPacket } from "../../../src/dhcp/packet.ts"
import { messageType } from "../../../src/dhcp/values.ts"
import { type Clock, systemClock } from "../../../src/util/clock.ts"

export const SERVER = "172.22.0.1"
export const A = "52:54:00:00:00:0a"
export const B = "52:54:00:00:00:0b"

export function subnet(network: string, first: string, last: string, router?: string): Subnet {
  return { network: parseNetwork(network)!, first: toNumber(first)!, last: toNumber(last)!, router }
}

export const config: DhcpConfig = {
  address: SERVER,
  subnets: [
    subnet("172.22.0.0/24", "172.22.0.50", "172.22.0.52"),
    subnet("10.1.0.0/24", "10.1.0.50", "10.1.0.60", "10.1.0.1"),
  ],
  leaseSeconds: 3600,
  nameServers: ["172.22.0.1"],
}

export interface World extends DhcpPorts {
  readonly stored: Map<string, Lease>
  /** Address → MAC of who answers there. */
  readonly present: Map<string, string>
  now: number
}

export async function world(reserved: Record<string, string> = {}, leases: Lease[] = []): Promise<World> {
  const stored = new Map(leases.map((lease) => [lease.address, lease]))
  const present = new Map<string, string>()
  const clock: Clock = { ...systemClock, now: () => ports.now }
  const store = {
    list: async () => [...stored.values()],
    put: async (lease: Lease) => void stored.set(lease.address, lease),
  }
  const reservations = reservationsOf(new Map(Object.entries(reserved)))
  const ports: World = {
    clock,
    stored,
    present,
    now: 1_000_000,
    leases: await openLeaseBook(store, clock, new Set([SERVER])),
    probe: { holderOf: async (address) => present.get(address) },
    reservations: async () => reservations,
    bootFile: async () => ({ server: SERVER, file: "undionly.kpxe" }),
  }
  return ports
}

export function ask(
  type: keyof typeof messageType,
  fields: Partial<Omit<DhcpPacket, "options">> = {},
  options: Record<number, Uint8Array | string> = {},
): DhcpPacket {
  const values = Object.entries(options).map(([key, value]): [number, Uint8Array] => [
    Number(key),
    typeof value === "string" ? addressBytes(value) : value,
  ])
  return {
    op: 1,
    htype: 1,
    hops: 0,
    xid: 0x1234,
    secs: 0,
    broadcast: false,
    ciaddr: "0.0.0.0",
    yiaddr: "0.0.0.0",
    siaddr: "0.0.0.0",
    giaddr: "0.0.0.0",
    chaddr: A,
    sname: "",
    file: "",
    ...fields,
    options: new Map([[code.messageType, Uint8Array.of(messageType[type])], ...values]),
  }
}

export const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"))
