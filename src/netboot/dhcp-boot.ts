import type { BootFile, BootRequest, Exchange } from "../dhcp/engine.ts"
import type { Store } from "../store/port.ts"
import { recordSighting } from "./attribution.ts"
import { machineKind } from "./machines.ts"
import type { BootPolicy } from "./policy.ts"
import { scriptUrl } from "./script.ts"

export interface DhcpBootOptions {
  readonly policy: BootPolicy
  readonly address: string
  readonly baseUrl: string
}

/**
 * What a machine loads next. Firmware gets the loader of its kind by TFTP; iPXE, in a card's ROM or ours, gets the
 * address of its script, unless it was built without HTTP: then ours replaces it.
 */
export async function bootFileFor(
  { mac, client }: BootRequest,
  { policy, address, baseUrl }: DhcpBootOptions,
): Promise<BootFile | undefined> {
  const kind = machineKind(client)
  if (!kind) return undefined
  const question = { mac, arch: kind.arch, firmware: kind.firmware, ...(client.uuid ? { uuid: client.uuid } : {}) }
  const { boot } = await policy.bootFor(question)
  if (boot === "ignore") return undefined
  const file = client.ipxe?.http ? scriptUrl(baseUrl, question) : kind.loader
  return file === undefined ? undefined : { server: address, file }
}

/** Of machines that nobody enrolled only what changes something is kept: any device on the network may ask all day. */
export async function recordExchange(store: Store, exchange: Exchange): Promise<void> {
  const { mac, message, answer, address, client, file, relay, why } = exchange
  const settled = answer === "ack" || answer === "nak"
  if (!settled && !(await store.nodes.findByMac(mac))) return
  const kind = machineKind(client)
  const boots = client.ipxe !== undefined || client.vendorClass?.startsWith("PXEClient") === true
  const data = {
    message,
    answer,
    address: address ?? null,
    client: boots ? (client.ipxe ? "ipxe" : "firmware") : "system",
    firmware: boots ? (kind?.firmware ?? null) : null,
    arch: boots ? (kind?.arch ?? null) : null,
    file: file ?? null,
    relay: relay ?? null,
    why: why ?? null,
  }
  await recordSighting(store, { kind: "netboot.dhcp", mac, data })
}
