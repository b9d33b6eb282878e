import { isIPv6 } from "node:net"
import type { FileDefinition } from "../../src/deploy/service.ts"

/** Names are looked up as IPv4 unless this file says otherwise: https://www.rabbitmq.com/docs/networking#erlang-networking */
export const resolver: FileDefinition = {
  name: "erl_inetrc",
  dest: "/etc/rabbitmq/erl_inetrc",
  owner: "rabbitmq:rabbitmq",
  perm: "0600",
  content: ({ host }) => (isIPv6(host.address) ? "{inet6, true}.\n" : undefined),
}

/** What Erlang is told of how nodes, and programs that ask them, reach each other; nothing with IPv4. */
export const distribution = (address: string) =>
  isIPv6(address) ? [`-kernel inetrc '${resolver.dest}'`, "-proto_dist inet6_tcp"] : []

/** The numbers of an address, as Erlang's tuples have them. */
export function erlangAddress(address: string): string {
  if (!isIPv6(address)) return address.replaceAll(".", ",")
  const [before = [], after = []] = address
    .split("::")
    .map((part) => part.split(":").flatMap((word) => (word === "" ? [] : [Number.parseInt(word, 16)])))
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after].join(",")
}
