import type { ProvisionState } from "../states/table.ts"
import type { Store } from "../store/port.ts"
import type { NodeRecord } from "../store/records.ts"
import type { BootPolicy } from "./policy.ts"

/** States in which the agent works on the machine, or will be needed again (rescue). In every other it boots its disk. */
const inRamdisk: ReadonlySet<ProvisionState> = new Set([
  "deploying",
  "wait call-back",
  "deploy hold",
  "cleaning",
  "clean wait",
  "clean hold",
  "inspecting",
  "inspect wait",
  "rescuing",
  "rescue wait",
  "rescue",
  "servicing",
  "service wait",
  "service hold",
])

/**
 * The policy over the store. `driver_internal_info.next_boot` = "disk" wins over the state: from the end of the write
 * on, a machine that is still deploying must start what was written, even where its firmware forgets the boot device.
 */
export function storePolicy(store: Store, unknown: "discover" | "ignore"): BootPolicy {
  return {
    async bootFor({ mac }) {
      const node = await store.nodes.findByMac(mac)
      if (!node) return { boot: unknown }
      const boot = bootsRamdisk(node) ? "ramdisk" : "disk"
      return { boot, node: { uuid: node.uuid, name: node.name ?? node.uuid } }
    },
  }
}

function bootsRamdisk({ provision_state, driver_internal_info }: NodeRecord): boolean {
  return inRamdisk.has(provision_state) && driver_internal_info["next_boot"] !== "disk"
}
