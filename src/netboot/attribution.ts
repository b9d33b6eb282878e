import type { Store } from "../store/port.ts"
import type { JsonObject } from "../store/records.ts"

/** The MAC that leases the address now. */
export async function macOfAddress(store: Store, address: string, now: number): Promise<string | undefined> {
  // Listeners on "::" see IPv4 clients as mapped addresses.
  const plain = address.replace(/^::ffff:/, "")
  const lease = (await store.leases.list()).find((each) => each.address === plain)
  return lease?.state === "bound" && lease.expires_at > now ? lease.mac : undefined
}

export interface Sighting {
  readonly kind: `netboot.${"dhcp" | "loader" | "script" | "kernel" | "ramdisk" | "image"}`
  readonly mac: string | undefined
  readonly data: JsonObject
}

/** Appends what a machine was seen to do, under its node where the MAC is enrolled. */
export async function recordSighting(store: Store, { kind, mac, data }: Sighting): Promise<void> {
  const node = mac === undefined ? undefined : await store.nodes.findByMac(mac)
  const shown = Object.entries(data).map(([key, value]) => [key, typeof value === "string" ? printable(value) : value])
  const all: JsonObject = { mac: mac ?? null, ...Object.fromEntries(shown) }
  await store.events.append({ kind, node_uuid: node?.uuid ?? null, run_id: null, data: all })
}

/** File names and reasons come from the network, and events are shown on terminals. */
function printable(text: string): string {
  return text.slice(0, 300).replace(/[^ -~]/g, "?")
}
