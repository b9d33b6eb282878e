import { isIPv6 } from "node:net"

/** An address or a name as it stands in URLs (RFC 3986 §3.2.2): IPv6 in brackets. */
export const urlHost = (host: string): string => (isIPv6(host) ? `[${host}]` : host)

export const hostPort = (host: string, port: number): string => `${urlHost(host)}:${port}`
