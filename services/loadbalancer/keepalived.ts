import { createHash } from "node:crypto"
import { isIPv6 } from "node:net"
import type { ServiceContext } from "../../src/deploy/service.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { monitorPort } from "./haproxy.ts"

/** VRRP (RFC 5798): the host whose HAProxy answers and whose priority is highest has the addresses. */
export function keepalivedConfig(context: ServiceContext): string {
  const { site, host, carriers, network, secret } = context
  const peers = carriers("keepalived")
  const rank = peers.findIndex(({ name }) => name === host.name)
  const own = network("management")
  const places = placesOf(context)
  const lines = (same: boolean) =>
    places
      .filter(({ vip }) => (isIPv6(vip) === isIPv6(host.address)) === same)
      .map(({ vip, on }) => `        ${vip} dev ${on}`)
  const others = lines(false)
  const tracked = [...new Set(places.map(({ on }) => on))].filter((name) => name !== own.interface)
  return `${[
    "vrrp_script check_haproxy {",
    `    script "/usr/bin/curl --globoff -fsS -o /dev/null --max-time 2 http://${hostPort(host.address, monitorPort)}/"`,
    "    interval 2",
    "    fall 2",
    "    rise 2",
    "}",
    "",
    "global_defs {",
    "    enable_script_security",
    "    script_user root",
    "}",
    "",
    "vrrp_instance bifrost {",
    // All begin as backups: a host that comes back does not take the addresses from one that has them.
    "    state BACKUP",
    "    nopreempt",
    `    interface ${own.interface}`,
    ...(tracked.length > 0
      ? block(
          "track_interface",
          tracked.map((name) => `        ${name}`),
        )
      : []),
    `    virtual_router_id ${routerId(site.internal_vip_address ?? "")}`,
    `    priority ${200 - rank}`,
    "    advert_int 1",
    // Unicast: neither switches nor clouds need to pass multicast for it.
    `    unicast_src_ip ${host.address}`,
    ...(peers.length > 1
      ? block(
          "unicast_peer",
          peers.filter(({ name }) => name !== host.name).map(({ address }) => `        ${address}`),
        )
      : []),
    // VRRP takes eight characters of it; its version 3, which IPv6 goes by, has no such thing.
    ...(isIPv6(host.address)
      ? []
      : block("authentication", [
          "        auth_type PASS",
          `        auth_pass ${secret("keepalived_password").slice(0, 8)}`,
        ])),
    ...block("virtual_ipaddress", lines(true)),
    // An advertisement names addresses of its own family only; the others move along.
    ...(others.length > 0 ? block("virtual_ipaddress_excluded", others) : []),
    "    track_script {",
    "        check_haproxy",
    "    }",
    "}",
  ].join("\n")}\n`
}

const block = (name: string, lines: readonly string[]) => [`    ${name} {`, ...lines, "    }"]

/** Each virtual address and the interface that it is on. */
function placesOf({ site, network }: ServiceContext): readonly { readonly vip: string; readonly on: string }[] {
  const { internal_vip_address: internal, external_vip_address: external } = site
  return [
    ...(internal ? [{ vip: internal, on: network("api").interface }] : []),
    ...(external && external !== internal ? [{ vip: external, on: network("external").interface }] : []),
  ]
}

/** 1–255, the same on all hosts of a site and most likely another at the next site on the same network. */
function routerId(vip: string): number {
  return 1 + (createHash("sha256").update(vip).digest()[0]! % 255)
}
