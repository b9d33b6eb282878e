import type { JsonObject, PortRecord } from "../store/records.ts"
import type { Place } from "../util/fault.ts"
import type { Secret } from "../util/secret.ts"

export interface PortDraft {
  readonly address: string
  readonly place: Place
  readonly fields: Partial<Pick<PortRecord, "pxe_enabled" | "physical_network" | "local_link_connection">>
}

/**
 * A node as the file describes it. What the file does not say is absent, and stays as it is in the store: a column that is
 * left out removes nothing.
 */
export interface NodeDraft {
  /** Where its description begins. */
  readonly place: Place
  /** Where each field stands, for faults that are found later. */
  readonly places: Map<string, Place>
  uuid?: string
  name?: string
  driver?: string
  resource_class?: string
  groups?: string[]
  ports?: PortDraft[]
  readonly driver_info: JsonObject
  readonly properties: JsonObject
  readonly instance_info: JsonObject
  readonly extra: JsonObject
  /** By the name that they have in the SecretStore. */
  readonly secrets: Map<string, Secret>
}

export function emptyDraft(place: Place): NodeDraft {
  return {
    place,
    places: new Map(),
    driver_info: {},
    properties: {},
    instance_info: {},
    extra: {},
    secrets: new Map(),
  }
}

/** How a message calls the node. */
export function labelOf(draft: NodeDraft): string {
  return draft.name ?? draft.uuid ?? draft.ports?.[0]?.address ?? `the node of line ${draft.place.line}`
}

/** The keys under which drivers keep what the file calls "bmc …". */
export const bmcPrefix = (driver: string | undefined) => (driver === "redfish" ? "redfish" : "ipmi")

/** Where a BMC is, as far as two nodes must not share it. Several systems may share a Redfish service. */
export function bmcEndpoint(driver: string, info: JsonObject): string | undefined {
  const prefix = bmcPrefix(driver)
  const address = info[`${prefix}_address`]
  if (typeof address !== "string" || address === "") return undefined
  if (prefix === "redfish") return [address.toLowerCase(), info["redfish_system_id"] ?? ""].join(" ").trim()
  const port = info["ipmi_port"] ?? 623
  // Nodes behind one BMC that bridges (IPMI 2.0 §6.13) differ in their target address.
  const bridged = [info["ipmi_target_channel"], info["ipmi_target_address"]].filter(
    (part) => part != null && part !== "",
  )
  return [`${address.toLowerCase()}:${port}`, ...bridged].join(" ")
}
