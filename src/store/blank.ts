import { randomUUID } from "node:crypto"
import type { NodeRecord, PortRecord } from "./records.ts"

/** A node that is new, before what anyone says of it. */
export function blankNode(now: number): NodeRecord {
  return {
    uuid: randomUUID(),
    name: null,
    driver: "ipmi",
    driver_info: {},
    properties: {},
    instance_info: {},
    driver_internal_info: {},
    extra: {},
    groups: [],
    resource_class: null,
    instance_uuid: null,
    provision_state: "enroll",
    target_provision_state: null,
    power_state: null,
    target_power_state: null,
    last_error: null,
    maintenance: false,
    maintenance_reason: null,
    provision_updated_at: null,
    created_at: new Date(now).toISOString(),
    updated_at: null,
  }
}

export function blankPort(now: number): PortRecord {
  return {
    uuid: randomUUID(),
    node_uuid: "",
    address: "",
    pxe_enabled: true,
    physical_network: null,
    local_link_connection: {},
    extra: {},
    created_at: new Date(now).toISOString(),
    updated_at: null,
  }
}
