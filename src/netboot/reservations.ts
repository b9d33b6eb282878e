import { toNumber } from "../dhcp/ipv4.ts"
import { type Reservations, reservationsOf } from "../dhcp/lease-book.ts"
import type { Store } from "../store/port.ts"

/**
 * The address that each enrolled machine is given: `extra.ipv4_address`, for the first of its ports that boots from the
 * network. A second port of the same machine may ask at the same time, so it gets one from the pool.
 */
export async function reservationsFrom(store: Store): Promise<Reservations> {
  const [nodes, ports] = await Promise.all([store.nodes.list(), store.ports.list()])
  const macs = new Map<string, string>()
  for (const port of ports.toSorted((a, b) => a.created_at.localeCompare(b.created_at)))
    if (port.pxe_enabled && !macs.has(port.node_uuid)) macs.set(port.node_uuid, port.address)
  const pairs = new Map<string, string>()
  for (const node of nodes) {
    const mac = macs.get(node.uuid)
    const address = node.extra["ipv4_address"]
    if (mac && typeof address === "string" && toNumber(address) !== undefined) pairs.set(mac, address)
  }
  return reservationsOf(pairs)
}
