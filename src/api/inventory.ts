import { stringify } from "yaml"
import type { Store } from "../store/port.ts"
import type { Json, JsonObject, NodeRecord } from "../store/records.ts"

/** One machine as the deployer, and any tool after it, needs to know it. */
export type Host = {
  name: string
  uuid: string
  /** What the file or a lease says; null when nothing does. */
  address: string | null
  groups: string[]
  state: string
  macs: string[]
  /** `ssh-ed25519 AAAA…`, from the config drive; null until the node was deployed. */
  ssh_host_key: string | null
  extra: JsonObject
}

/** The user whom images built here let in, by key. */
const USER = "root"

export const inventoryFormats = ["ansible", "yaml", "json"] as const
export type InventoryFormat = (typeof inventoryFormats)[number]

/** Every enrolled node, or those in one state. */
export async function inventoryOf(store: Store, state?: string): Promise<Host[]> {
  const [ports, leases] = [await store.ports.list(), await store.leases.list()]
  const nodes = (await store.nodes.list()).filter((node) => state === undefined || node.provision_state === state)
  return nodes.map((node) => {
    const macs = ports.filter((port) => port.node_uuid === node.uuid).map((port) => port.address)
    const lease = leases.find((each) => each.state === "bound" && macs.includes(each.mac))
    return hostOf(node, macs, lease?.address)
  })
}

function hostOf(node: NodeRecord, macs: string[], leased: string | undefined): Host {
  const text = (value: Json | undefined) => (typeof value === "string" && value !== "" ? value : undefined)
  return {
    name: node.name ?? node.uuid,
    uuid: node.uuid,
    address: text(node.extra["ipv4_address"]) ?? leased ?? null,
    groups: node.groups,
    state: node.provision_state,
    macs,
    ssh_host_key: text(node.driver_internal_info["ssh_host_key"]) ?? null,
    extra: node.extra,
  }
}

const variablesOf = ({ name, address, groups, extra, ...host }: Host): JsonObject => ({
  ...extra,
  ...(address !== null && { ansible_host: address }),
  ansible_user: USER,
  host_groups: groups,
  ...host,
})

const groupNames = (hosts: readonly Host[]) => [...new Set(hosts.flatMap((host) => host.groups))].sort()
const membersOf = (hosts: readonly Host[], group: string) => hosts.filter((host) => host.groups.includes(group))

/** Ansible's dynamic inventory (`--list`); every host is in `baremetal`. */
export function ansibleInventory(hosts: readonly Host[]): JsonObject {
  const named = (members: readonly Host[]) => ({ hosts: members.map((host) => host.name) })
  return {
    _meta: { hostvars: Object.fromEntries(hosts.map((host) => [host.name, variablesOf(host)])) },
    baremetal: named(hosts),
    ...Object.fromEntries(groupNames(hosts).map((group) => [group, named(membersOf(hosts, group))])),
  }
}

/** Ansible's inventory file in YAML. */
export function yamlInventory(hosts: readonly Host[]): string {
  const named = (members: readonly Host[]) => ({ hosts: Object.fromEntries(members.map((host) => [host.name, {}])) })
  const children = {
    baremetal: named(hosts),
    ...Object.fromEntries(groupNames(hosts).map((group) => [group, named(membersOf(hosts, group))])),
  }
  return stringify({
    all: { hosts: Object.fromEntries(hosts.map((host) => [host.name, variablesOf(host)])), children },
  })
}
