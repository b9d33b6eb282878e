import type { ProvisionState, ProvisionTarget } from "../states/table.ts"

/** Free-form values of Ironic's JSON fields. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** Of values that were parsed from JSON. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export type PowerState = "power on" | "power off" | "error"

/** The drivers that the conductor has. Records may name others: what is enrolled may be older or newer than this program. */
export const supportedDrivers = ["ipmi", "manual-management"] as const

/**
 * A node, with Ironic's field names. Secrets (BMC passwords, agent tokens, private host keys) are not in the record: they
 * are behind `SecretStore`, keyed by the node's uuid.
 *
 * Well-known keys:
 * - driver_info: ipmi_address, ipmi_port, ipmi_username (redfish_* alike)
 * - properties: cpu_arch, cpus, memory_mb, local_gb, root_device (hints object), capabilities
 * - instance_info: image_source, image_checksum, image_os_hash_algo, image_os_hash_value, image_disk_format, root_gb
 * - extra: ssh_host_key (of a system that is to be adopted), ipv4_address, ipv4_subnet_mask, ipv4_gateway, ipv4_nameserver, vlan_id, network_mtu, and any further column
 */
export interface NodeRecord {
  uuid: string
  name: string | null
  driver: string
  driver_info: JsonObject
  properties: JsonObject
  instance_info: JsonObject
  driver_internal_info: JsonObject
  extra: JsonObject
  /** Deployer groups such as control, network, compute. Ours, not Ironic's. */
  groups: string[]
  resource_class: string | null
  instance_uuid: string | null
  provision_state: ProvisionState
  target_provision_state: ProvisionTarget | null
  power_state: PowerState | null
  target_power_state: string | null
  last_error: string | null
  maintenance: boolean
  maintenance_reason: string | null
  /** ISO 8601, UTC. */
  provision_updated_at: string | null
  created_at: string
  updated_at: string | null
}

export interface PortRecord {
  uuid: string
  node_uuid: string
  /** Lower case, colons. */
  address: string
  pxe_enabled: boolean
  physical_network: string | null
  local_link_connection: JsonObject
  extra: JsonObject
  created_at: string
  updated_at: string | null
}

/** A DHCP lease. `state` "declined" keeps an address out of use until it expires. */
export interface LeaseRecord {
  address: string
  mac: string
  client_id: string | null
  hostname: string | null
  state: "offered" | "bound" | "declined" | "released"
  /** ms since the epoch. */
  expires_at: number
}

/**
 * Something observed or done. Kinds are dotted, the room first: netboot.dhcp, netboot.script, netboot.kernel,
 * netboot.ramdisk, netboot.image, agent.lookup, agent.heartbeat, agent.progress, os.start, os.first-boot, os.ssh,
 * node.state, node.power, step.start, step.end, run.*. `data` never holds a secret.
 */
export interface EventRecord {
  id: number
  /** ms since the epoch. */
  at: number
  kind: string
  node_uuid: string | null
  run_id: string | null
  data: JsonObject
}

/**
 * One step of a long operation on one node or run. A step that is "running" when the service starts again was cut off
 * by its death: it is run again, so every step must bear that.
 */
export interface JournalEntry {
  id: number
  /** The operation: a deploy of one node, a run of the deployer. */
  operation: string
  subject: string
  step: string
  status: "running" | "done" | "failed"
  /** What later steps, or a repetition of this one, need to know. */
  data: JsonObject
  started_at: number
  ended_at: number | null
  error: string | null
}

/** A user's request that spans nodes: `provision --then-deploy` and each verb of the deployer. */
export interface RunRecord {
  id: string
  kind: string
  status: "running" | "succeeded" | "failed" | "aborted"
  request: JsonObject
  result: JsonObject | null
  started_at: number
  ended_at: number | null
}
