import type { JsonObject, NodeRecord } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { Secret } from "../../util/secret.ts"
import type { ManagementDriver, PowerDriver } from "../drivers/types.ts"
import { conductorErrors } from "../errors.ts"
import { forgetAgent } from "../node-secrets.ts"
import { nameOf } from "../operation.ts"
import type { BootDevice } from "../port.ts"
import type { Step, StepRun, Tools } from "../step.ts"

/** The node's BMC through its driver. DRIVER_UNKNOWN or DRIVER_INFO_INVALID when it is not described. */
export async function bmcOf(
  { drivers, store }: Pick<Tools, "drivers" | "store">,
  node: NodeRecord,
): Promise<{ power: PowerDriver; management: ManagementDriver }> {
  const driver = drivers[node.driver]
  if (!driver) {
    const known = Object.keys(drivers).join(", ")
    throw new BifrostError(conductorErrors.DRIVER_UNKNOWN, { node: nameOf(node), detail: node.driver, expected: known })
  }
  const stored = await store.secrets.get(node.uuid, `${node.driver}_password`)
  const password = driver.byHand ? new Secret("") : stored
  const missing = driver.missing(node, password)
  if (missing || !password) {
    throw new BifrostError(conductorErrors.DRIVER_INFO_INVALID, {
      node: nameOf(node),
      detail: missing ?? "no password",
    })
  }
  return { power: driver.power(node, password), management: driver.management(node, password) }
}

/** `properties.capabilities` is Ironic's `boot_mode:uefi,other:value`; instance_info may overrule it. */
export function bootsUefi(node: NodeRecord): boolean {
  const words = [node.instance_info["capabilities"], node.properties["capabilities"]]
  for (const word of words) {
    const mode = typeof word === "string" ? /(?:^|,)\s*boot_mode:(\w+)/.exec(word)?.[1] : undefined
    if (mode) return mode === "uefi"
    if (word !== null && typeof word === "object" && !Array.isArray(word) && word["boot_mode"]) {
      return word["boot_mode"] === "uefi"
    }
  }
  return false
}

async function setPower(run: StepRun, target: "power on" | "power off"): Promise<JsonObject> {
  const { power } = await bmcOf(run.tools, run.node)
  const state = await power.set(target, run.signal)
  await run.amend(() => ({ power_state: state }))
  return { power_state: state }
}

/**
 * The machine off, and what an earlier agent was known by forgotten: the agent of the coming boot gets a token of its
 * own, and one that still runs cannot pass for it.
 */
export const powerOff: Step = {
  name: "power off",
  where: "work",
  async run(run) {
    // Reached with a machine that is switched by hand only when its record is given up: it keeps running.
    const left = run.tools.drivers[run.node.driver]?.byHand ? {} : await setPower(run, "power off")
    await run.amend(async (node, store) => {
      await forgetAgent(store, node.uuid)
      const { agent_url, next_boot, ...rest } = node.driver_internal_info
      return { driver_internal_info: rest }
    })
    return left
  },
}

export const powerOn: Step = { name: "power on", where: "work", run: (run) => setPower(run, "power on") }

/** The network once, the disk for good: a machine that loses its power later comes up from its disk. */
export const bootFrom = (device: Extract<BootDevice, "pxe" | "disk">): Step => ({
  name: `boot device ${device}`,
  where: "work",
  async run({ tools, node, signal, amend }) {
    const { management } = await bmcOf(tools, node)
    await management.setBootDevice(device, { persistent: device === "disk", efi: bootsUefi(node) }, signal)
    // For firmware that starts from the network all the same: the boot policy then sends it to its disk.
    await amend(({ driver_internal_info: { next_boot, ...rest } }) => ({
      driver_internal_info: device === "disk" ? { ...rest, next_boot: device } : rest,
    }))
    return undefined
  },
})
