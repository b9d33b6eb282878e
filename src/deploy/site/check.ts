import { isIP } from "node:net"
import { cidrHas, isCidr } from "../../util/cidr.ts"
import { didYouMean } from "../../util/closest.ts"
import { fault } from "../../util/fault.ts"
import type { YamlPath } from "../../util/yaml.ts"
import { sides } from "../entrance.ts"
import type { InventoryHost } from "../inventory.ts"
import type { CoreService, SiteConfig } from "../site.ts"
import type { Finding } from "./finding.ts"
import type { SiteRead } from "./read.ts"

export interface CheckContext {
  /** The inventory's hosts; absent when nobody can be asked for them, and then names are not checked. */
  readonly hosts?: readonly Pick<InventoryHost, "name" | "address" | "groups">[]
  /** Groups that services are placed by, whether hosts are in them or not. */
  readonly groups: readonly string[]
}

interface Remark {
  readonly path: YamlPath
  readonly what: string
  readonly expected: string
  readonly severity?: Finding["severity"]
}

type Check = (site: SiteConfig, context: CheckContext) => readonly Remark[]

/** What the types cannot say: each check looks at one decision, and what contradicts it. */
const checks: readonly Check[] = [vips, networkWords, names, provider, needs, backends, backup, registry]

export function checkSite(
  site: SiteConfig,
  placeOf: SiteRead["placeOf"],
  context: CheckContext,
  file = "bifrost.yaml",
): Finding[] {
  return checks.flatMap((check) =>
    check(site, context).map(({ path, what, expected, severity = "error" }) => ({
      ...fault(placeOf(path), what, expected),
      file,
      severity,
    })),
  )
}

function vips(site: SiteConfig, { hosts = [] }: CheckContext): Remark[] {
  const { internal_vip_address: internal, external_vip_address: external, networks, tls } = site
  const both = [
    ["internal_vip_address", internal, networks.api ?? networks.management],
    ["external_vip_address", external, networks.external ?? networks.api ?? networks.management],
  ] as const
  const each = both.flatMap(([key, vip, network]): Remark[] => {
    if (vip === undefined) return []
    const path = [key]
    if (isIP(vip) === 0) return [{ path, what: `${key} is ${vip}`, expected: "an IPv4 or IPv6 address" }]
    const owner = hosts.find(({ address }) => address === vip)
    if (owner) {
      const expected = "an address that no host has: the VIP moves between hosts"
      return [{ path, what: `${key} ${vip} is the address of ${owner.name}`, expected }]
    }
    const cidr = network?.cidr
    if (cidr === undefined || !isCidr(cidr) || cidrHas(cidr, vip)) return []
    return [{ path, what: `${key} ${vip} is outside its network`, expected: `an address in ${cidr}` }]
  })
  const lone: Remark[] =
    external !== undefined && internal === undefined
      ? [
          {
            path: ["external_vip_address"],
            what: "an external VIP without an internal one",
            expected: "internal_vip_address too",
          },
        ]
      : []
  const given = { internal, external }
  const secured = sides.flatMap((side): Remark[] => {
    if (!tls[side] || given[side] !== undefined) return []
    // Without an external address users come in where services do.
    const instead = side === "external" && internal !== undefined ? ", or tls.internal: true" : ""
    const what = `HTTPS on an ${side} VIP that is not given`
    return [{ path: ["tls", side], what, expected: `${side}_vip_address${instead}` }]
  })
  const shared: Remark[] =
    internal !== undefined && internal === external && tls.internal !== tls.external
      ? [{ path: ["tls"], what: "one VIP with HTTPS and without", expected: "tls.internal and tls.external alike" }]
      : []
  const named = sides.flatMap((side): Remark[] => {
    const fqdn = site[`${side}_fqdn`]
    const path = [`${side}_fqdn`]
    if (fqdn === undefined) return []
    if (!hostName.test(fqdn) || isIP(fqdn) !== 0)
      return [{ path, what: `${path} is ${fqdn}`, expected: "a name such as cloud.example.org" }]
    if (given[side] !== undefined) return []
    return [{ path, what: `a name of an ${side} VIP that is not given`, expected: `${side}_vip_address` }]
  })
  return [...each, ...lone, ...secured, ...shared, ...named]
}

/** RFC 1123 §2.1. */
const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i

/** The networks of the site, of its groups and of its hosts, with where each is written. */
function layers(site: SiteConfig) {
  const of = (kind: "groups" | "hosts") =>
    Object.entries(site[kind]).map(([name, { networks = {} }]) => ({ path: [kind, name, "networks"], networks }))
  return [{ path: ["networks"], networks: site.networks }, ...of("groups"), ...of("hosts")]
}

function networkWords(site: SiteConfig): Remark[] {
  return layers(site).flatMap(({ path, networks: { provider: _, ...roles } }) =>
    Object.entries(roles).flatMap(([role, network]): Remark[] => {
      if (network.interface === undefined && network.cidr === undefined)
        return [{ path: [...path, role], what: `network ${role} says nothing`, expected: "interface, cidr or both" }]
      if (network.cidr === undefined || isCidr(network.cidr)) return []
      const expected = "a network such as 10.0.0.0/24 or fd00::/64"
      return [{ path: [...path, role, "cidr"], what: `network ${role} is ${network.cidr}`, expected }]
    }),
  )
}

function names(site: SiteConfig, { hosts, groups }: CheckContext): Remark[] {
  if (!hosts) return []
  const known = {
    groups: [...new Set([...groups, ...hosts.flatMap((host) => host.groups)])],
    hosts: hosts.map(({ name }) => name),
  }
  return (["groups", "hosts"] as const).flatMap((kind) =>
    Object.keys(site[kind])
      .filter((name) => !known[kind].includes(name))
      .map(
        (name): Remark => ({
          path: [kind, name],
          what: `no ${kind === "hosts" ? "host" : "group"} "${name}"${didYouMean(name, known[kind])}`,
          expected: known[kind].slice(0, 40).join(", ") || "hosts in the inventory",
          // A host may be written down before it is enrolled.
          severity: "warning",
        }),
      ),
  )
}

function provider(site: SiteConfig): Remark[] {
  if (!site.services.neutron.enabled) return []
  const taken = Object.entries(site.networks).flatMap(([role, network]) =>
    role !== "provider" && "interface" in network && typeof network.interface === "string"
      ? [[network.interface, role] as const]
      : [],
  )
  const somewhere = layers(site).flatMap(({ networks }) =>
    Object.entries(networks.provider ?? {})
      .filter(([, each]) => each.interface !== undefined)
      .map(([name]) => name),
  )
  return layers(site).flatMap(({ path, networks }) =>
    Object.entries(networks.provider ?? {}).flatMap(([name, each]): Remark[] => {
      const at = [...path, "provider", name]
      const addressed = taken.find(([taking]) => taking === each.interface)
      if (addressed) {
        const what = `the provider network ${name} has the interface of the network ${addressed[1]}`
        const expected = "an interface without an address: it becomes the bridge's port"
        return [{ path: [...at, "interface"], what, expected }]
      }
      const twin = Object.entries(networks.provider ?? {}).find(
        ([other, { bridge }]) => other !== name && (bridge ?? "br-ex") === (each.bridge ?? "br-ex"),
      )
      if (twin && name > twin[0])
        return [
          { path: at, what: `the provider networks ${twin[0]} and ${name} share a bridge`, expected: "a bridge each" },
        ]
      if (somewhere.includes(name)) return []
      return [
        {
          path: at,
          what: `the provider network ${name} has no interface: floating IPs answer on the network hosts alone`,
          expected: "interface, here or for a group or a host",
          severity: "warning",
        },
      ]
    }),
  )
}

/** Which services one cannot do without. */
const needed: Partial<Record<CoreService, readonly CoreService[]>> = {
  glance: ["keystone"],
  placement: ["keystone"],
  nova: ["keystone", "glance", "placement", "neutron"],
  neutron: ["keystone"],
  cinder: ["keystone", "glance"],
  heat: ["keystone"],
  horizon: ["keystone"],
}

function needs({ services }: SiteConfig): Remark[] {
  return (Object.entries(needed) as [CoreService, readonly CoreService[]][]).flatMap(([name, others]) =>
    others
      .filter((other) => services[name].enabled && !services[other].enabled)
      .map((other) => ({
        path: ["services", other, "enabled"],
        what: `${name} needs ${other}, which is off`,
        expected: `services.${name}.enabled: false too`,
      })),
  )
}

function backends({ services }: SiteConfig): Remark[] {
  return (["glance", "cinder"] as const)
    .filter((name) => services[name].enabled && Object.keys(services[name].backends).length === 0)
    .map((name) => ({
      path: ["services", name, "backends"],
      what: `${name} without a backend`,
      expected: "at least one",
    }))
}

function backup({ services: { cinder } }: SiteConfig): Remark[] {
  const places = Object.keys(cinder.backup ?? {})
  if (!cinder.enabled || cinder.backup === undefined || places.length === 1) return []
  const what =
    places.length === 0 ? "backups are to be kept nowhere" : `backups are to be kept in ${places.join(" and ")}`
  return [{ path: ["services", "cinder", "backup"], what, expected: "one place" }]
}

function registry({ images }: SiteConfig): Remark[] {
  const { registry: address } = images
  if (address === undefined || /^(\[[0-9a-f:]+\]|[\w.-]+)(:\d{1,5})?$/i.test(address)) return []
  return [
    {
      path: ["images", "registry"],
      what: `the registry is ${address}`,
      expected: "HOST or HOST:PORT, without https://",
    },
  ]
}
