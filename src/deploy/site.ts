import Type, { type Static } from "typebox"
import { Value } from "typebox/value"
import { networks } from "./site/network-options.ts"
import { services } from "./site/service-options.ts"
import { about, address, count, flag, group, named, part, word } from "./site/words.ts"

/** Defaults are not filled in behind names that the operator gives. */
const overrides = Type.Object({ networks: Type.Optional(networks) }, group)

/** What the operator decides about a cloud: the type of bifrost.yaml. */
export const siteSchema = Type.Object(
  {
    region: word("RegionOne", "The region's name in Keystone's catalog.", "openstack_region_name"),
    debug: flag(false, "Let all services log at the level DEBUG.", "openstack_logging_debug"),
    internal_vip_address: address(
      "10.0.0.250",
      "Where services and administrators reach the APIs. Unless given: the first control host's address, without fail-over.",
      "kolla_internal_vip_address",
    ),
    external_vip_address: address(
      "203.0.113.250",
      "Where users reach the APIs and the dashboard. Unless given: the internal one.",
      "kolla_external_vip_address",
    ),
    internal_fqdn: address(
      "cloud.internal.example.org",
      "Name of the internal VIP: it stands in services' URLs, and in each host's /etc/hosts.",
      "kolla_internal_fqdn",
    ),
    external_fqdn: address(
      "cloud.example.org",
      "Name of the external VIP: it stands in users' URLs. Users' name servers have to know it.",
      "kolla_external_fqdn",
    ),
    central_logging: flag(
      false,
      "Ship all services' logs to where config/logs/rsyslog/destinations.conf says.",
      "enable_central_logging",
    ),
    valkey: flag(
      false,
      "Valkey with Sentinel on the control hosts, for what coordinates itself through it.",
      "enable_valkey",
    ),
    tls: part(
      {
        internal: flag(false, "HTTPS on the internal VIP.", "kolla_enable_tls_internal"),
        external: flag(false, "HTTPS on the external VIP.", "kolla_enable_tls_external"),
      },
      "HTTPS in front of the APIs. Certificates are the site's own unless they are in certificates/ (docs/tls.md).",
    ),
    networks,
    groups: named(
      overrides,
      [{ compute: { networks: { tunnel: { interface: "ens3" } } } }],
      "What differs for the hosts of a group, by its name.",
    ),
    hosts: named(
      overrides,
      [{ node1: { networks: { storage: { cidr: "10.2.0.0/24" } } } }],
      "What differs for one host, by its name; wins over its groups.",
    ),
    workers: count(
      "Processes of each API service. Unless given: as many as the host's CPUs and memory bear.",
      "openstack_service_workers",
    ),
    images: part(
      {
        registry: Type.Optional(
          Type.String({
            minLength: 1,
            examples: ["registry.example.org:5000"],
            ...about(
              "HOST[:PORT] of the registry that hosts pull from. Unless given: the provisioner's.",
              "docker_registry",
            ),
          }),
        ),
        namespace: word("bifrost", "Before images' names, in a registry of one's own.", "docker_namespace"),
        tag: word("2025.1", "Tag of images that images.lock does not name.", "openstack_tag"),
      },
      "Where container images come from.",
    ),
    strict: flag(
      false,
      "Refuse to deploy while an override file or option is used by nothing or is not known to its service.",
    ),
    services,
  },
  {
    ...group,
    title: "bifrost.yaml",
    description: "The site file of bifrost-ts: what the operator decides about a cloud.",
  },
)

/** All decisions, with defaults where the operator made none. */
export type SiteConfig = Static<typeof siteSchema>
export type NetworkRole = Exclude<keyof SiteConfig["networks"], "provider">
export type CoreService = keyof SiteConfig["services"]

type Sparse<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: Sparse<T[K]> } : T
/** What a site file may hold: any part of it. */
export type SiteFile = Sparse<SiteConfig>

export function resolveSite(file: SiteFile = {}): SiteConfig {
  return Value.Default(siteSchema, structuredClone(file)) as SiteConfig
}

export const defaultSite = resolveSite()
