import type { NodeRecord } from "../store/records.ts"
import { BifrostError } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"

export interface Inventory {
  readonly hosts: readonly InventoryHost[]
}

export interface InventoryHost {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** `ssh-ed25519 AAAA…`: the only key that the host may show. */
  readonly hostKey: string
  readonly groups: readonly string[]
}

/** The active nodes, by name. Throws HOST_NOT_READY when one lacks its address or its recorded host key. */
export function inventoryFrom(nodes: readonly NodeRecord[]): Inventory {
  const hosts = nodes.filter(({ provision_state }) => provision_state === "active").map(hostFrom)
  return { hosts: hosts.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

function hostFrom(node: NodeRecord): InventoryHost {
  const name = node.name ?? node.uuid
  const text = (value: unknown, what: string): string => {
    if (typeof value === "string" && value !== "") return value
    throw new BifrostError(deployErrors.HOST_NOT_READY, { node: name, detail: `its ${what} is not known` })
  }
  return {
    name,
    address: text(node.extra["ipv4_address"], "address (extra.ipv4_address)"),
    port: 22,
    user: "root",
    hostKey: text(node.driver_internal_info["ssh_host_key"], "SSH host key (driver_internal_info.ssh_host_key)").trim(),
    groups: node.groups,
  }
}

/** The group that every host is in. */
const everyone = "all"

/** The hosts of a group, or of any of several. A site without any group has one host that is everything: its first. */
export function hostsOf(inventory: Inventory, group: string | readonly string[]): readonly InventoryHost[] {
  const wanted = [group].flat()
  if (wanted.includes(everyone)) return inventory.hosts
  const grouped = inventory.hosts.some(({ groups }) => groups.length > 0)
  const carries = ({ groups }: InventoryHost) => groups.some((each) => wanted.includes(each))
  const hosts = grouped ? inventory.hosts.filter(carries) : inventory.hosts.slice(0, 1)
  if (hosts.length === 0) {
    throw new BifrostError(deployErrors.NO_HOST, { expected: `a host in the group ${wanted.join(" or ")}` })
  }
  return hosts
}
