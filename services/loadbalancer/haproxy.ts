import { isIPv6 } from "node:net"
import type { ServiceContext } from "../../src/deploy/service.ts"

/** Answers while HAProxy works; keepalived on the same host asks it. */
export const monitorPort = 61_313

/**
 * A front for each API on every virtual address, with the hosts that answer behind it. `transparent` lets it listen on an
 * address that the host does not have at the moment, so that no sysctl of the host is needed for that.
 */
export function haproxyConfig(context: ServiceContext): string {
  const { site, host, entries } = context
  const vips = [...new Set([site.internal_vip_address, site.external_vip_address])].flatMap((vip) => vip ?? [])
  const answering = new Map(entries.map(({ container, port, hosts }) => [container, { port, hosts }]))
  const sections = [...answering].flatMap(([name, { port, hosts }]) => [
    `listen ${name}`,
    ...vips.map((vip) => `    bind ${at(vip, port)} transparent`),
    "    option httpchk",
    "    http-check send meth GET uri /",
    // What an API says without a token (300, 401) shows as much as a 200 that it works.
    "    http-check expect rstatus ^[234]",
    ...hosts.map(({ name: peer, address }) => `    server ${peer} ${at(address, port)} check inter 2s rise 2 fall 5`),
    "",
  ])
  return `${[...globals, ...monitor([host.address, ...vips]), ...sections].join("\n")}\n`
}

const globals = [
  "global",
  "    log stdout format raw local0 notice",
  "    user haproxy",
  "    group haproxy",
  "    maxconn 40000",
  "    ssl-default-bind-options ssl-min-ver TLSv1.2",
  "",
  "defaults",
  "    log global",
  "    mode http",
  "    option httplog",
  "    option dontlog-normal",
  "    option forwardfor",
  "    option redispatch",
  "    retries 3",
  "    timeout http-request 10s",
  "    timeout queue 1m",
  "    timeout connect 10s",
  "    timeout client 1m",
  "    timeout server 5m",
  "    timeout check 10s",
  "",
]

const monitor = (addresses: readonly string[]) => [
  "frontend monitor",
  ...addresses.map((address) => `    bind ${at(address, monitorPort)} transparent`),
  "    monitor-uri /",
  "    option dontlognull",
  "",
]

const at = (address: string, port: number) => `${isIPv6(address) ? `[${address}]` : address}:${port}`
