import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { type Leave, prepareBoot } from "./boot/leave.ts"
import { rereadPartitions, wipeMetadata } from "./disk/device.ts"
import { chooseDisk } from "./disk/hints.ts"
import { readDisks } from "./disk/list.ts"
import { agentErrors } from "./errors.ts"
import type { Report } from "./image/transfer.ts"
import { writeImage } from "./image/write-image.ts"
import { readInventory } from "./inventory.ts"
import { type AgentLog, collectLogs } from "./logs.ts"
import {
  AGENT_VERSION,
  type AgentNode,
  type CommandName,
  type ExecuteStepParams,
  type InventoryDisk,
  type Step,
  type StepKind,
  type WriteImageArgs,
} from "./protocol.ts"
import type { Command, Params } from "./registry.ts"
import type { KernelFiles } from "./sysfs.ts"

export interface Surroundings {
  readonly files: KernelFiles
  readonly clock: Clock
  readonly log: AgentLog
  readonly bootMac: string | undefined
  readonly report: Report
  /** The node as lookup told it, for commands that a stock conductor sends without one. */
  readonly node: () => AgentNode
  /** Asks for the end of this system, once the command that wants it has been answered. */
  readonly leaveLater: (how: Leave) => void
}

const MANAGER = "bifrost"
const versions = { [MANAGER]: AGENT_VERSION }

const steps: Record<StepKind, readonly Step[]> = {
  deploy: [{ interface: "deploy", step: "write_image", priority: 0, reboot_requested: false }],
  clean: [
    { interface: "deploy", step: "erase_devices_metadata", priority: 99, abortable: true, reboot_requested: false },
  ],
  service: [],
}

/** What the agent can be told; protocol.ts has the types. */
export function agentCommands(around: Surroundings): Record<CommandName, Command> {
  const { files, log } = around
  let written: string | undefined

  const disks = () => readDisks(files)
  const write = async (args: WriteImageArgs, node: AgentNode, signal: AbortSignal) => {
    if (!Array.isArray(args?.image_info?.urls)) {
      throw new BifrostError(agentErrors.BAD_ARGUMENT, { expected: "image_info.urls" })
    }
    const hints = node.instance_info?.root_device ?? node.properties?.root_device
    const disk = chooseDisk(disks(), hints)
    const result = await writeImage(args, disk, { ...around, signal, log: log.write })
    written = disk.name
    return result
  }
  const eraseMetadata = async () => {
    for (const disk of disks()) await eraseDisk(files, disk, around)
    return `partition tables of ${disks().length} disks erased`
  }
  const run: Record<string, (args: Params, node: AgentNode, signal: AbortSignal) => Promise<unknown>> = {
    "deploy/write_image": (args, node, signal) => write(args as unknown as WriteImageArgs, node, signal),
    "clean/erase_devices_metadata": eraseMetadata,
  }
  const execute = (kind: StepKind): Command => ({
    sync: false,
    async run(params, signal) {
      const { step, node, ...rest } = params as unknown as ExecuteStepParams
      checkVersion(rest[`${kind}_version`])
      const work = run[`${kind}/${step?.step}`]
      if (!work) throw new BifrostError(agentErrors.UNKNOWN_STEP, { detail: `${kind}: ${step?.step}` })
      return { [`${kind}_result`]: await work(step.args ?? {}, node ?? around.node(), signal), [`${kind}_step`]: step }
    },
  })
  const list = (kind: StepKind) =>
    now(async () => ({ [`${kind}_steps`]: { [MANAGER]: steps[kind] }, hardware_manager_version: versions }))
  const leave = (how: Leave): Command => later(async () => around.leaveLater(how))

  return {
    "deploy.get_deploy_steps": list("deploy"),
    "clean.get_clean_steps": list("clean"),
    "service.get_service_steps": list("service"),
    "deploy.execute_deploy_step": execute("deploy"),
    "clean.execute_clean_step": execute("clean"),
    "service.execute_service_step": execute("service"),
    "standby.prepare_image": later(async ({ node, ...args }, signal) => {
      const target = (node as AgentNode | undefined) ?? around.node()
      return (await write(args as unknown as WriteImageArgs, target, signal)).message
    }),
    // Whole-disk images carry their own boot loader and find their own root.
    "standby.get_partition_uuids": now(async () => ({})),
    "image.install_bootloader": later(async () => null),
    // Every write was synced before its command ended.
    "standby.sync": now(async () => null),
    "standby.run_image": leave("reset"),
    "standby.power_off": leave("power_off"),
    "standby.boot_image": later(async ({ kexec }) => {
      around.report({ step: "boot_image", done: 0, total: 0, message: "looking for the installed system" })
      const result =
        kexec === false
          ? { method: "reset" as const, message: "a reset was asked for" }
          : await prepareBoot(files, written, log.write)
      log.write(`boot_image: ${result.method}: ${result.message}`)
      around.report({ step: "boot_image", done: 0, total: 0, message: `${result.method}: ${result.message}` })
      around.leaveLater(result.method)
      return result
    }),
    "poll.get_hardware_info": now(async () => readInventory(files, around.bootMac)),
    "log.collect_system_logs": later(async () => ({ system_logs: await collectLogs(files, log) })),
  }
}

const now = (run: Command["run"]): Command => ({ sync: true, run })
const later = (run: Command["run"]): Command => ({ sync: false, run })

function checkVersion(given: Readonly<Record<string, string>> | undefined): void {
  if (given === undefined || given[MANAGER] === undefined || given[MANAGER] === versions[MANAGER]) return
  throw new BifrostError(agentErrors.VERSION_CHANGED, {
    detail: `${MANAGER} ${versions[MANAGER]}`,
    expected: given[MANAGER],
  })
}

async function eraseDisk(files: KernelFiles, disk: InventoryDisk, { report, log }: Surroundings): Promise<void> {
  report({ step: "erase_devices", done: 0, total: disk.size, message: `erasing the partition table of ${disk.name}` })
  await wipeMetadata(files, disk)
  await rereadPartitions(files.path(disk.name))
  log.write(`erase_devices_metadata: ${disk.name} erased`)
}
