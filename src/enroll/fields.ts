import type { Json, JsonObject } from "../store/records.ts"
import { Secret } from "../util/secret.ts"
import type { NodeDraft } from "./draft.ts"
import * as read from "./values.ts"

/** One thing that a file can say of a node: its spellings, how it is read, and where it goes. */
interface Field<T> {
  /** Besides the field's own name; compared in lower case, with `_` for spaces, dashes and dots. */
  readonly also: readonly string[]
  readonly read: read.Reader<T>
  put(draft: NodeDraft, value: T, prefix: string): void
}

const field = <T>(also: readonly string[], reader: read.Reader<T>, put: Field<T>["put"]): Field<never> =>
  ({ also, read: reader, put }) as Field<never>

type Bag = "driver_info" | "properties" | "instance_info" | "extra"
const into =
  (bag: Bag, key: string) =>
  (draft: NodeDraft, value: Json): void => {
    draft[bag][key] = value
  }

const bmc = (...ends: string[]) => ["bmc", "ipmi", "redfish"].flatMap((start) => ends.map((end) => `${start}_${end}`))

/** `agent_ipmitool` and `pxe_ipmitool` are Ironic's classic names, which bifrost's files still carry. */
const drivers = {
  ipmi: "ipmi",
  ipmitool: "ipmi",
  agent_ipmitool: "ipmi",
  pxe_ipmitool: "ipmi",
  "manual-management": "manual-management",
  manual: "manual-management",
}

export const fields: Readonly<Record<string, Field<never>>> = {
  uuid: field(["node_uuid"], read.uuid, (draft, value) => {
    draft.uuid = value
  }),
  name: field(["hostname", "host_name", "node", "node_name"], read.hostname, (draft, value) => {
    draft.name = value
  }),
  driver: field(["bmc_type", "bmc_driver"], read.oneOf(drivers), (draft, value) => {
    draft.driver = value
  }),
  groups: field(["group", "role", "roles", "host_group", "host_groups"], read.groups, (draft, value) => {
    draft.groups = value
  }),
  resource_class: field([], read.text, (draft, value) => {
    draft.resource_class = value
  }),

  bmc_address: field(["bmc", "bmc_ip", ...bmc("address", "host", "ip")], read.bmcAddress, (draft, value, prefix) => {
    draft.driver_info[`${prefix}_address`] = value
  }),
  bmc_port: field(bmc("port"), read.integer(1, 65535), (draft, value, prefix) => {
    draft.driver_info[`${prefix}_port`] = value
  }),
  bmc_user: field(bmc("user", "username", "login"), read.text, (draft, value, prefix) => {
    draft.driver_info[`${prefix}_username`] = value
  }),
  bmc_password: field(bmc("password", "pass"), read.password, (draft, value, prefix) => {
    draft.secrets.set(`${prefix}_password`, new Secret(value))
  }),
  redfish_system_id: field(["system_id"], read.text, into("driver_info", "redfish_system_id")),

  cpu_arch: field(["arch"], read.text, into("properties", "cpu_arch")),
  cpus: field(["cpu", "cpu_count"], read.integer(0, 65536), into("properties", "cpus")),
  memory_mb: field(["ram", "ram_mb", "memory"], read.integer(0, 2 ** 40), into("properties", "memory_mb")),
  local_gb: field(["disk_size", "disk_gb", "disk"], read.integer(0, 2 ** 40), into("properties", "local_gb")),
  capabilities: field([], read.text, into("properties", "capabilities")),
  boot_mode: field(
    ["firmware"],
    read.oneOf({ bios: "bios", legacy: "bios", uefi: "uefi", efi: "uefi" }),
    (draft, mode) => {
      const others = String(draft.properties["capabilities"] ?? "")
        .split(",")
        .filter((capability) => capability !== "" && !capability.startsWith("boot_mode:"))
      draft.properties["capabilities"] = [...others, `boot_mode:${mode}`].join(",")
    },
  ),
  root_device: field(
    ["root_disk", "root_device_hint", "root_device_hints", "disk_hint"],
    read.rootDevice,
    into("properties", "root_device"),
  ),

  image: field(["image_source", "os", "os_image"], read.text, into("instance_info", "image_source")),
  image_checksum: field(["checksum"], read.text, into("instance_info", "image_checksum")),

  ip: field(["ip_address", "ipv4", "ipv4_address"], address, (draft, value) => Object.assign(draft.extra, value)),
  netmask: field(["ipv4_subnet_mask", "subnet_mask"], read.netmask, into("extra", "ipv4_subnet_mask")),
  gateway: field(["ipv4_gateway"], read.ipv4, into("extra", "ipv4_gateway")),
  nameserver: field(["ipv4_nameserver", "dns"], read.text, into("extra", "ipv4_nameserver")),
  vlan_id: field(["vlan"], read.integer(1, 4094), into("extra", "vlan_id")),
  ssh_host_key: field(["host_key", "ssh_key"], read.sshHostKey, into("extra", "ssh_host_key")),
  mtu: field(["network_mtu"], read.integer(576, 65535), into("extra", "network_mtu")),
  provisioning_ipv4_address: field(["provisioning_ip"], read.ipv4, into("extra", "provisioning_ipv4_address")),
}

/** `172.22.0.11`, or `172.22.0.11/24`, which also says the mask. */
function address(raw: Json): read.Read<JsonObject> {
  const [own, bits, ...rest] = typeof raw === "string" ? raw.trim().split("/") : [raw]
  const ip = read.ipv4(own ?? null)
  if ("expected" in ip || rest.length > 0) return { expected: "an IPv4 address such as 172.22.0.11" }
  if (bits === undefined) return { value: { ipv4_address: ip.value } }
  const mask = read.netmask(bits)
  return "expected" in mask ? mask : { value: { ipv4_address: ip.value, ipv4_subnet_mask: mask.value } }
}

const spelt = (spelling: string) =>
  spelling
    .trim()
    .toLowerCase()
    .replaceAll(/[\s.-]+/g, "_")

const bySpelling = new Map(
  Object.entries(fields).flatMap(([name, { also }]) => [name, ...also].map((spelling) => [spelling, name] as const)),
)

/** Fields that also stand within Ironic's JSON fields, under Ironic's or bifrost's names (`properties.ram`). */
const within: Readonly<Record<Bag, readonly string[]>> = {
  driver_info: ["bmc_address", "bmc_port", "bmc_user", "bmc_password", "redfish_system_id"],
  properties: ["cpu_arch", "cpus", "memory_mb", "local_gb", "capabilities", "root_device"],
  instance_info: ["image", "image_checksum"],
  extra: [],
}

const macs = /^(macs?|mac_address(es)?|nics?|nic_macs?|ports?|port_address)_?\d*$/

/** What a column or key means: a field, MAC addresses, or a value to keep under that key of one of Ironic's JSON fields. */
export type Meaning = { field: string } | { macs: true } | { bag: Bag; key: string }

export function meaningOf(spelling: string): Meaning {
  const name = spelt(spelling)
  const dotted = /^\s*(driver_info|properties|instance_info|extra)\s*[./]\s*(.+?)\s*$/.exec(spelling)
  const bag = dotted?.[1] as Bag | undefined
  if (bag) {
    const key = dotted?.[2] ?? ""
    const field = bySpelling.get(spelt(key))
    return field && within[bag].includes(field) ? { field } : { bag, key }
  }
  const field = bySpelling.get(name)
  if (field) return { field }
  return macs.test(name) ? { macs: true } : { bag: "extra", key: name }
}
