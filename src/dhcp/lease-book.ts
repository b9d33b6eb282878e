import type { Clock } from "../util/clock.ts"
import { contains, fromNumber, type Network, toNumber } from "./ipv4.ts"

/** One address given to one machine. The machine is its MAC: see docs/decisions/0021. */
export interface Lease {
  readonly address: string
  /** Lower case, colons. */
  readonly mac: string
  /** Option 61 in hexadecimal, for people who read along; it decides nothing. */
  readonly client_id: string | null
  readonly hostname: string | null
  /** A declined address rests until it expires: something else answers there. */
  readonly state: "offered" | "bound" | "declined" | "released"
  /** ms since the epoch. */
  readonly expires_at: number
}

/** Where leases survive a restart. The store of the service fits this shape. */
export interface LeaseStore {
  list(): Promise<Lease[]>
  put(lease: Lease): Promise<void>
}

/** A network that this server hands addresses out in. */
export interface Subnet {
  readonly network: Network
  /** First and last address of the pool, both included, as numbers. */
  readonly first: number
  readonly last: number
  readonly router: string | undefined
}

/** Addresses kept for machines that are known. */
export interface Reservations {
  addressOf(mac: string): string | undefined
  has(address: string): boolean
}

/** @param pairs MAC → address */
export function reservationsOf(pairs: ReadonlyMap<string, string>): Reservations {
  const addresses = new Set(pairs.values())
  return { addressOf: (mac) => pairs.get(mac), has: (address) => addresses.has(address) }
}

export interface Wanted {
  readonly mac: string
  readonly subnet: Subnet
  /** Option 50 of the client, a wish. */
  readonly address: string | undefined
  readonly reservations: Reservations
}

/** Who has which address. Kept in memory as a whole, written through to the store. */
export interface LeaseBook {
  at(address: string): Lease | undefined
  /** Whether `mac` may have the address: not given to another machine, not reserved for one, not declined. */
  isFree(address: string, mac: string, reservations: Reservations): boolean
  /** The best address for a machine: reserved, its last one, the one it asks for, one never used, the one longest unused. */
  choose(wanted: Wanted): string | undefined
  put(lease: Lease): Promise<void>
}

/** @param own addresses that are never given away, the server's first of all. */
export async function openLeaseBook(store: LeaseStore, clock: Clock, own: ReadonlySet<string>): Promise<LeaseBook> {
  const leases = new Map<string, Lease>()
  for (const lease of await store.list()) leases.set(lease.address, lease)

  const isFree: LeaseBook["isFree"] = (address, mac, reservations) => {
    if (own.has(address)) return false
    if (reservations.has(address) && reservations.addressOf(mac) !== address) return false
    const lease = leases.get(address)
    if (!lease || lease.expires_at <= clock.now() || lease.state === "released") return true
    return lease.state !== "declined" && lease.mac === mac
  }

  return {
    at: (address) => leases.get(address),
    isFree,
    choose({ mac, subnet, address, reservations }) {
      const free = (candidate: string) => isFree(candidate, mac, reservations)
      const inPool = (candidate: string) => poolHas(subnet, candidate)

      const reserved = reservations.addressOf(mac)
      if (reserved && contains(subnet.network, reserved) && free(reserved)) return reserved

      const earlier = [...leases.values()]
        .filter((lease) => lease.mac === mac && lease.state !== "declined" && inPool(lease.address))
        .sort((a, b) => b.expires_at - a.expires_at)
        .find((lease) => free(lease.address))
      if (earlier) return earlier.address
      if (address && inPool(address) && free(address)) return address

      let oldest: Lease | undefined
      for (let number = subnet.first; number <= subnet.last; number++) {
        const candidate = fromNumber(number)
        if (!free(candidate)) continue
        const lease = leases.get(candidate)
        if (!lease) return candidate
        if (!oldest || lease.expires_at < oldest.expires_at) oldest = lease
      }
      return oldest?.address
    },
    async put(lease) {
      leases.set(lease.address, lease)
      await store.put(lease)
    },
  }
}

function poolHas(subnet: Subnet, address: string): boolean {
  const number = toNumber(address)
  return number !== undefined && number >= subnet.first && number <= subnet.last
}
