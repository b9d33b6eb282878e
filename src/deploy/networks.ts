import { cidrHas } from "../util/cidr.ts"
import { didYouMean } from "../util/closest.ts"
import { BifrostError } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"
import type { InventoryHost } from "./inventory.ts"
import type { NetworkRole, SiteConfig } from "./site.ts"

export interface HostInterface {
  readonly name: string
  /** IPv4 and IPv6, without their prefixes; link-local ones left out. */
  readonly addresses: readonly string[]
  /** What is on the link by those addresses, e.g. 192.0.2.11/24; not asked by all. */
  readonly networks?: readonly string[]
}

/** Where a host is in a network. */
export interface HostNetwork {
  readonly interface: string
  readonly address: string
}

/** Which network a role uses when the site does not name one for it; `management` ends at the inventory's address. */
const insteadOf: Record<NetworkRole, NetworkRole | undefined> = {
  management: undefined,
  api: "management",
  external: "api",
  tunnel: "management",
  storage: "management",
}

export const networkRoles = Object.keys(insteadOf) as NetworkRole[]

/** What the site says of networks for a host: its own word first, then its groups', then the site's. */
const layersFor = (host: Pick<InventoryHost, "name" | "groups">, { networks, groups, hosts }: SiteConfig) => [
  ...[hosts[host.name], ...host.groups.map((group) => groups[group])].map((layer) => layer?.networks),
  networks,
]

function wish(role: NetworkRole, host: InventoryHost, site: SiteConfig) {
  return layersFor(host, site).find((layer) => layer?.[role] !== undefined)?.[role]
}

export interface ProviderNetwork {
  readonly name: string
  readonly bridge: string
  readonly interface?: string
}

/** Neutron's physical networks as a host has them. */
export function providerNetworks(
  host: Pick<InventoryHost, "name" | "groups">,
  site: SiteConfig,
): readonly ProviderNetwork[] {
  const provider = layersFor(host, site).find((layer) => layer?.provider !== undefined)?.provider
  return Object.entries(provider ?? { physnet1: { bridge: "br-ex" } }).map(([name, network]) => ({
    ...network,
    name,
    bridge: network.bridge ?? `br-${name}`,
  }))
}

/**
 * A host's interface and address in the network of a role. Throws NETWORK_MISSING, naming what the host has, when the
 * interface is not there or has no address that fits.
 */
export function networkOf(
  role: NetworkRole,
  host: InventoryHost,
  interfaces: readonly HostInterface[],
  site: SiteConfig,
): HostNetwork {
  const wanted = wish(role, host, site)
  const next = insteadOf[role]
  if (wanted === undefined && next !== undefined) return networkOf(next, host, interfaces, site)
  const { interface: name, cidr } = wanted ?? {}
  // A virtual address is on the host that has it now; nobody is to be told that it is that host's own.
  const virtual = [site.internal_vip_address, site.external_vip_address]
  const fits = (address: string) => !virtual.includes(address) && matches(address)
  const matches = (address: string) =>
    cidr === undefined ? wanted !== undefined || address === host.address : cidrHas(cidr, address)
  for (const each of interfaces) {
    if (name !== undefined && each.name !== name) continue
    const address = each.addresses.find(fits)
    if (address !== undefined) return { interface: each.name, address }
  }
  const names = interfaces.map((each) => each.name)
  const meant = name === undefined || names.includes(name) ? "" : didYouMean(name, names)
  const has = interfaces.map((each) => `${each.name} ${each.addresses.join(" ") || "(no address)"}`).join(", ")
  const expected =
    wanted === undefined
      ? `the address ${host.address}`
      : [name, cidr && `an address in ${cidr}`].filter(Boolean).join(" with ")
  throw new BifrostError(deployErrors.NETWORK_MISSING, {
    node: host.name,
    detail: `network ${role}; it has ${has}${meant}`,
    expected,
  })
}

interface Link {
  readonly ifname: string
  readonly addr_info?: readonly { readonly local?: string; readonly scope?: string; readonly prefixlen?: number }[]
}

/** What `ip -json address show` prints. */
export function interfacesFrom(json: string): HostInterface[] {
  const links: Link[] = JSON.parse(json)
  return links.map(({ ifname, addr_info = [] }) => {
    const own = addr_info.flatMap(({ local, scope, prefixlen }) =>
      local !== undefined && scope !== "link" ? [{ local, prefixlen }] : [],
    )
    return {
      name: ifname,
      addresses: own.map(({ local }) => local),
      networks: own.flatMap(({ local, prefixlen }) => (prefixlen === undefined ? [] : [`${local}/${prefixlen}`])),
    }
  })
}
