import { randomUUID } from "node:crypto"
import type { NodeRecord, PortRecord } from "../../../src/store/records.ts"

/** A node as enrolment would make it, with what a test cares about on top. */
export function aNode(fields: Partial<NodeRecord> = {}): NodeRecord {
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
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: null,
    ...fields,
  }
}

export function aPort(node_uuid: string, address: string, fields: Partial<PortRecord> = {}): PortRecord {
  return {
    uuid: randomUUID(),
    node_uuid,
    address,
    pxe_enabled: true,
    physical_network: null,
    local_link_connection: {},
    extra: {},
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: null,
    ...fields,
  }
}
