import { stringify } from "yaml"
import type { Inventory } from "./inventory.ts"

export const inventoryFormats = ["ansible", "yaml", "json"] as const
export type InventoryFormat = (typeof inventoryFormats)[number]

/** The inventory as text: `ansible` (INI, with kolla-ansible's group names), `yaml` (Ansible's YAML), `json` (ours). */
export function renderInventory(inventory: Inventory, format: InventoryFormat): string {
  if (format === "json") return `${JSON.stringify(inventory, null, 2)}\n`
  const groups = groupsOf(inventory)
  if (format === "yaml") {
    const hosts = Object.fromEntries(inventory.hosts.map((host) => [host.name, variables(host)]))
    const children = Object.fromEntries(
      [...groups].map(([group, names]) => [group, { hosts: Object.fromEntries(names.map((name) => [name, {}])) }]),
    )
    return stringify({ all: { hosts, children } })
  }
  const lines = inventory.hosts.map((host) => {
    const pairs = Object.entries(variables(host)).map(([key, value]) => `${key}=${value}`)
    return [host.name, ...pairs].join(" ")
  })
  const sections = [...groups].map(([group, names]) => [`[${group}]`, ...names].join("\n"))
  return `${[lines.join("\n"), ...sections].join("\n\n")}\n`
}

function variables({ address, port, user }: Inventory["hosts"][number]) {
  return { ansible_host: address, ansible_port: port, ansible_user: user }
}

function groupsOf(inventory: Inventory): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const { name, groups: own } of inventory.hosts) {
    for (const group of own) groups.set(group, [...(groups.get(group) ?? []), name])
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)))
}
