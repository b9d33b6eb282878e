import { createHash } from "node:crypto"
import type { ServiceContext } from "../../src/deploy/service.ts"
import { monitorPort } from "./haproxy.ts"

/** VRRP (RFC 5798): the host whose HAProxy answers and whose priority is highest has the addresses. */
export function keepalivedConfig(context: ServiceContext): string {
  const { site, host, carriers, network, secret } = context
  const peers = carriers("keepalived")
  const rank = peers.findIndex(({ name }) => name === host.name)
  const own = network("api")
  const outer = network("external")
  const addresses = [
    ...(site.internal_vip_address ? [`        ${site.internal_vip_address} dev ${own.interface}`] : []),
    ...(site.external_vip_address && site.external_vip_address !== site.internal_vip_address
      ? [`        ${site.external_vip_address} dev ${outer.interface}`]
      : []),
  ]
  return `${[
    "vrrp_script check_haproxy {",
    `    script "/usr/bin/curl -fsS -o /dev/null --max-time 2 http://${host.address}:${monitorPort}/"`,
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
    `    virtual_router_id ${routerId(site.internal_vip_address ?? "")}`,
    `    priority ${200 - rank}`,
    "    advert_int 1",
    // Unicast: neither switches nor clouds need to pass multicast for it.
    `    unicast_src_ip ${host.address}`,
    ...(peers.length > 1
      ? [
          "    unicast_peer {",
          ...peers.filter(({ name }) => name !== host.name).map(({ address }) => `        ${address}`),
          "    }",
        ]
      : []),
    "    authentication {",
    "        auth_type PASS",
    // VRRP takes eight characters of it.
    `        auth_pass ${secret("keepalived_password").slice(0, 8)}`,
    "    }",
    "    virtual_ipaddress {",
    ...addresses,
    "    }",
    "    track_script {",
    "        check_haproxy",
    "    }",
    "}",
  ].join("\n")}\n`
}

/** 1–255, the same on all hosts of a site and most likely another at the next site on the same network. */
function routerId(vip: string): number {
  return 1 + (createHash("sha256").update(vip).digest()[0]! % 255)
}
