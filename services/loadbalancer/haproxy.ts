import { type Side, sides } from "../../src/deploy/entrance.ts"
import type { ServiceContext } from "../../src/deploy/service.ts"
import { certificateFiles } from "../../src/deploy/tls/certificate.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { memberCheck } from "../mariadb/member-check.ts"

/** Answers while HAProxy works; keepalived on the same host asks it. */
export const monitorPort = 61_313

/** Kolla's place: what it does with each host can be seen and changed there, by root alone. */
export const statsSocket = "/var/lib/kolla/haproxy/haproxy.sock"

interface VirtualAddress {
  readonly vip: string
  /** File of its certificate in the container; none without HTTPS. */
  readonly certificate: string | undefined
}

export const certificatePath = (side: Side) => `/etc/haproxy/certificates/${certificateFiles[side]}`

/** The site's virtual addresses, each once. */
export function virtualAddresses({ site }: Pick<ServiceContext, "site">): readonly VirtualAddress[] {
  const all = sides.flatMap((side): [string, VirtualAddress][] => {
    const vip = site[`${side}_vip_address`]
    return vip ? [[vip, { vip, certificate: site.tls[side] ? certificatePath(side) : undefined }]] : []
  })
  return [...new Map(all).values()]
}

/**
 * A front for each API on every virtual address, with the hosts that answer behind it. `transparent` lets it listen on an
 * address that the host does not have at the moment, so that no sysctl of the host is needed for that.
 */
export function haproxyConfig(context: ServiceContext): string {
  const vips = virtualAddresses(context)
  const sections = context.fronts.flatMap((front) => [
    ...(front.tcp ? connectionsSection(front, context) : frontSection(front, vips)),
    "",
  ])
  const addresses = [context.host.address, ...vips.map(({ vip }) => vip)]
  return `${[...globals, ...monitor(addresses), ...sections].join("\n")}\n`
}

function frontSection(
  { container, port, securePort = port, sticky, hosts }: ServiceContext["fronts"][number],
  vips: readonly VirtualAddress[],
): string[] {
  const led = securePort === port ? [] : vips.filter(({ certificate }) => certificate !== undefined)
  return [
    ...(led.length > 0
      ? [
          `frontend ${container}_plain`,
          ...led.map(({ vip }) => `    bind ${hostPort(vip, port)} transparent`),
          "    http-request redirect scheme https code 301",
          "",
        ]
      : []),
    `listen ${container}`,
    ...vips.map(({ vip, certificate }) =>
      certificate === undefined
        ? `    bind ${hostPort(vip, port)} transparent`
        : `    bind ${hostPort(vip, securePort)} transparent ssl crt ${certificate}`,
    ),
    // Services make links by it; what a client says of it is nobody's word.
    "    http-request set-header X-Forwarded-Proto http",
    "    http-request set-header X-Forwarded-Proto https if { ssl_fc }",
    ...(sticky ? ["    balance source", "    hash-type consistent"] : []),
    "    option httpchk",
    "    http-check send meth GET uri /",
    // What an API says without a token (300, 401) shows as much as a 200 that it works.
    "    http-check expect rstatus ^[234]",
    ...hosts.map(({ name: peer, address }) => `    server ${peer} ${hostPort(address, port)} check`),
  ]
}

/** For services alone, and for one host at a time: the others are there for when it ends. None for a single host: it is reached itself. */
function connectionsSection(
  { container, port, localPort, hosts }: ServiceContext["fronts"][number],
  { site, host }: ServiceContext,
): string[] {
  if (hosts.length < 2) return []
  return [
    `listen ${container}`,
    `    bind ${hostPort(site.internal_vip_address ?? "", port)} transparent`,
    ...(localPort === undefined ? [] : [`    bind ${hostPort(host.address, localPort)}`]),
    "    mode tcp",
    "    option tcplog",
    "    option clitcpka",
    "    option srvtcpka",
    "    timeout client 1h",
    "    timeout server 1h",
    // The first that serves, for all. As backups of it, the others would not be tried before it is known to be down: a connection
    // made meanwhile waited for that, and was forgotten.
    "    balance first",
    "    option redispatch 1",
    ...memberCheck.map((line) => `    ${line}`),
    // Connections to one that has ended would hang until their next packet.
    "    default-server inter 2s fastinter 500ms downinter 1s rise 2 fall 3 on-marked-down shutdown-sessions",
    ...hosts.map(({ name: peer, address }) => `    server ${peer} ${hostPort(address, port)} check`),
  ]
}

const globals = [
  "global",
  "    log stdout format raw local0 notice",
  "    user haproxy",
  "    group haproxy",
  // No maxconn: HAProxy takes as many connections as its descriptors allow, some 8000.
  `    stats socket ${statsSocket} mode 600 level admin`,
  "    ssl-default-bind-options ssl-min-ver TLSv1.2",
  "",
  "defaults",
  "    log global",
  "    mode http",
  "    option httplog",
  "    option dontlog-normal",
  "    option forwardfor",
  // A client on the host of a virtual address whose connection outlived the address's move would wait for an answer for long.
  "    option httpclose",
  "    option redispatch",
  "    retries 3",
  "    timeout http-request 10s",
  "    timeout queue 1m",
  "    timeout connect 10s",
  "    timeout client 1m",
  "    timeout server 5m",
  // Consoles are WebSockets, which may be silent for long.
  "    timeout tunnel 1h",
  "    timeout check 10s",
  // One that has just come is wanted soon: its second answer is asked for at once.
  "    default-server inter 2s fastinter 500ms downinter 1s rise 2 fall 3",
  "",
]

const monitor = (addresses: readonly string[]) => [
  "frontend monitor",
  ...addresses.map((address) => `    bind ${hostPort(address, monitorPort)} transparent`),
  "    monitor-uri /",
  "    option dontlognull",
  "",
]
