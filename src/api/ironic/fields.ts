import type { Json, JsonObject, NodeRecord, PortRecord } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { type Kind, kinds } from "../body.ts"
import { apiErrors } from "../errors.ts"

/** One field of Ironic's resources: from which microversion on it exists, and where it comes from. */
export interface Field<R> {
  /** Minor version; 1 unless given. */
  readonly since?: number
  /** What a client may set it to; absent for a field that only the service sets. */
  readonly writable?: Kind
  /** Set when the record is made, never later. */
  readonly onlyAtCreation?: true
  /** Fields that are not kept: what they always are here. */
  readonly fixed?: (record: R) => Json
}

const none = () => null
const no = () => false
const empty = () => ({})
/** Ironic's names for the ways in which our drivers work. */
const bmcInterface = (node: NodeRecord) => (node.driver === "redfish" ? "redfish" : "ipmitool")
const always = (value: string) => () => value
/** Not kept here; null and false are accepted, as clients send them along. */
const absent = (since: number): Field<NodeRecord> => ({ since, fixed: none })

/** Every field of a node in the API, with the microversion in which Ironic brought it. `groups` is ours. */
export const nodeFields: Readonly<Record<string, Field<NodeRecord>>> = {
  uuid: { writable: kinds.uuid, onlyAtCreation: true },
  name: { since: 5, writable: kinds.textOrNull },
  driver: { writable: kinds.text },
  driver_info: { writable: kinds.object },
  driver_internal_info: { since: 3 },
  properties: { writable: kinds.object },
  instance_info: { writable: kinds.object },
  instance_uuid: { writable: kinds.uuidOrNull },
  extra: { writable: kinds.object },
  groups: { writable: kinds.texts },
  resource_class: { since: 21, writable: kinds.textOrNull },
  provision_state: {},
  target_provision_state: {},
  provision_updated_at: {},
  power_state: {},
  target_power_state: {},
  last_error: {},
  maintenance: { writable: kinds.boolean },
  maintenance_reason: { writable: kinds.textOrNull },
  created_at: {},
  updated_at: {},
  reservation: { fixed: none },
  console_enabled: { fixed: no },
  chassis_uuid: { fixed: none },
  inspection_finished_at: absent(6),
  inspection_started_at: absent(6),
  clean_step: { since: 7, fixed: empty },
  raid_config: { since: 12, fixed: empty },
  target_raid_config: { since: 12, fixed: empty },
  network_interface: { since: 20, fixed: always("noop") },
  boot_interface: { since: 31, fixed: always("ipxe") },
  console_interface: { since: 31, fixed: always("no-console") },
  deploy_interface: { since: 31, fixed: always("direct") },
  inspect_interface: { since: 31, fixed: always("agent") },
  management_interface: { since: 31, fixed: bmcInterface },
  power_interface: { since: 31, fixed: bmcInterface },
  raid_interface: { since: 31, fixed: always("no-raid") },
  vendor_interface: { since: 31, fixed: always("no-vendor") },
  storage_interface: { since: 33, fixed: always("noop") },
  traits: { since: 37, fixed: () => [] },
  rescue_interface: { since: 38, fixed: always("no-rescue") },
  bios_interface: { since: 40, fixed: always("no-bios") },
  fault: absent(42),
  deploy_step: { since: 44, fixed: empty },
  conductor_group: { since: 46, fixed: always("") },
  automated_clean: absent(47),
  protected: { since: 48, fixed: no },
  protected_reason: absent(48),
  owner: absent(50),
  description: absent(51),
  allocation_uuid: absent(52),
  retired: { since: 61, fixed: no },
  retired_reason: absent(61),
  lessee: absent(65),
  network_data: { since: 66, fixed: empty },
  boot_mode: absent(75),
  secure_boot: absent(75),
  shard: absent(82),
  parent_node: absent(83),
  firmware_interface: { since: 86, fixed: always("no-firmware") },
  service_step: { since: 87, fixed: empty },
  disable_power_off: { since: 95, fixed: no },
}

export const portFields: Readonly<Record<string, Field<PortRecord>>> = {
  uuid: { writable: kinds.uuid, onlyAtCreation: true },
  node_uuid: { writable: kinds.uuid },
  address: { writable: kinds.text },
  extra: { writable: kinds.object },
  created_at: {},
  updated_at: {},
  internal_info: { since: 18, fixed: empty },
  pxe_enabled: { since: 19, writable: kinds.boolean },
  local_link_connection: { since: 19, writable: kinds.object },
  portgroup_uuid: { since: 24, fixed: none },
  physical_network: { since: 34, writable: kinds.textOrNull },
  is_smartnic: { since: 53, fixed: no },
  name: { since: 88, fixed: none },
}

type Fields<R> = Readonly<Record<string, Field<R>>>

const offered = <R>(fields: Fields<R>, version: number) =>
  Object.entries(fields).filter(([, field]) => (field.since ?? 1) <= version)

/** The record as the API shows it in this version; only the fields of `only`, if given. */
export function show<R extends object>(
  fields: Fields<R>,
  record: R,
  version: number,
  only?: readonly string[],
): JsonObject {
  const shown = offered(fields, version).filter(([name]) => only === undefined || only.includes(name))
  return Object.fromEntries(
    shown.map(([name, { fixed }]) => [name, fixed ? fixed(record) : ((record as Record<string, Json>)[name] ?? null)]),
  )
}

/** `?fields=uuid,name`: each must exist in this version. */
export function chooseFields<R>(fields: Fields<R>, version: number, query: string | undefined): string[] | undefined {
  if (query === undefined) return undefined
  const names = query.split(",").filter((name) => name !== "links")
  for (const name of names) known(fields, version, name)
  return names
}

function known<R>(fields: Fields<R>, version: number, name: string): Field<R> {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field && (field.since ?? 1) <= version) return field
  const expected = field ? `API version 1.${field.since} or later` : "a field of Ironic's API"
  throw new BifrostError(apiErrors.FIELD_UNKNOWN, { detail: name.slice(0, 80), expected })
}

/**
 * Checks what a client wants to set, and returns what is kept. `before` is the record for a change, absent at creation.
 * A fixed field may be sent with the value that it has anyway, or with nothing in it.
 */
export function accept<R extends object>(
  fields: Fields<R>,
  version: number,
  given: JsonObject,
  defaults: R,
  before?: R,
): Partial<R> {
  const kept: JsonObject = {}
  for (const [name, value] of Object.entries(given)) {
    const field = known(fields, version, name)
    const now = field.fixed ? field.fixed(defaults) : before && ((before as Record<string, Json>)[name] ?? null)
    if (JSON.stringify(value) === JSON.stringify(now)) continue
    if (field.fixed && (value === null || value === "")) continue
    if (!field.writable || (field.onlyAtCreation && before)) {
      const expected = field.fixed ? `${JSON.stringify(now)}, as it always is here` : "no value for it"
      throw new BifrostError(apiErrors.FIELD_FIXED, { detail: name, expected })
    }
    if (!field.writable.is(value)) {
      throw new BifrostError(apiErrors.FIELD_INVALID, { detail: name, expected: field.writable.expected })
    }
    kept[name] = value
  }
  return kept as Partial<R>
}
