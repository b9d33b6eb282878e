import { existsSync } from "node:fs"
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os"
import { contains, isHost, parseNetwork, toNumber } from "../dhcp/ipv4.ts"
import type { Subnet } from "../dhcp/lease-book.ts"
import { BifrostError } from "../util/errors.ts"
import { netbootErrors } from "./errors.ts"
import type { AddressRange, NetbootOptions, RelayedNetwork } from "./options.ts"

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

/**
 * The networks that DHCP serves: the interface's own first, then those behind relays. Throws NETBOOT_INTERFACE_ABSENT,
 * NETBOOT_INTERFACE_DOWN, NETBOOT_ADDRESS_ABSENT or NETBOOT_RANGE_INVALID.
 */
export function servedSubnets(
  options: Pick<NetbootOptions, "interface" | "address" | "range" | "router" | "relayed">,
  interfaces: Interfaces = networkInterfaces(),
): [Subnet, ...Subnet[]] {
  const { address, range, router, relayed = [] } = options
  const own = ownNetwork(options, interfaces)
  return [subnetOf(own, range, router, address), ...relayed.map((each) => relayedSubnet(each, address))]
}

function ownNetwork({ interface: name, address }: Pick<NetbootOptions, "interface" | "address">, all: Interfaces) {
  const entries = all[name]?.filter(({ family }) => family === "IPv4")
  if (!entries) {
    // Node lists interfaces with a link only.
    if (existsSync(`/sys/class/net/${name}`))
      throw new BifrostError(netbootErrors.NETBOOT_INTERFACE_DOWN, { detail: name })
    const present = Object.keys(all).join(", ")
    throw new BifrostError(netbootErrors.NETBOOT_INTERFACE_ABSENT, { detail: name, expected: `one of ${present}` })
  }
  const entry = entries.find((each) => each.address === address)
  if (!entry?.cidr) {
    const carried = entries.map((each) => each.address).join(", ") || "none"
    throw new BifrostError(netbootErrors.NETBOOT_ADDRESS_ABSENT, {
      detail: `${name} carries ${carried}`,
      expected: address,
    })
  }
  return entry.cidr
}

function relayedSubnet({ network, range, router }: RelayedNetwork, address: string): Subnet {
  return subnetOf(network, range, router, address)
}

function subnetOf(cidr: string, { from, to }: AddressRange, router: string | undefined, server: string): Subnet {
  const network = parseNetwork(cidr)
  const [first, last] = [toNumber(from), toNumber(to)]
  const usable =
    network &&
    first !== undefined &&
    last !== undefined &&
    first <= last &&
    isHost(network, from) &&
    isHost(network, to)
  if (!usable || (router !== undefined && !contains(network, router))) {
    const detail = `${from} to ${to}${router === undefined ? "" : `, router ${router}`}`
    throw new BifrostError(netbootErrors.NETBOOT_RANGE_INVALID, { detail, expected: `addresses of ${cidr}` })
  }
  // The server's own address may lie inside the range: it is never given away.
  if (first === last && from === server) {
    throw new BifrostError(netbootErrors.NETBOOT_RANGE_INVALID, { detail: `${from} is the service's own address` })
  }
  return { network, first, last, router }
}
