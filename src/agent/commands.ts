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
  type InventoryDisk,
  type RootDeviceHints,
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
  const write = async (args: Params, node: Params, signal: AbortSignal) => {
    const checked = writeArgs(args)
    const disk = chooseDisk(disks(), rootDevice(node))
    const result = await writeImage(checked, disk, { ...around, signal, log: log.write })
    written = disk.name
    return result
  }
  const eraseMetadata = async () => {
    for (const disk of disks()) await eraseDisk(files, disk, around)
    return `partition tables of ${disks().length} disks erased`
  }
  const thisNode = () => around.node() as unknown as Params
  const run: Record<string, (args: Params, node: Params, signal: AbortSignal) => Promise<unknown>> = {
    "deploy/write_image": write,
    "clean/erase_devices_metadata": eraseMetadata,
  }
  const execute = (kind: StepKind): Command => ({
    sync: false,
    async run(params, signal) {
      const step = objectIn(params, "step") ?? {}
      checkVersion(objectIn(params, `${kind}_version`))
      const name = textIn(step, "step")
      const work = run[`${kind}/${name}`]
      if (!work) throw new BifrostError(agentErrors.UNKNOWN_STEP, { detail: `${kind}: ${name}` })
      const result = await work(objectIn(step, "args") ?? {}, objectIn(params, "node") ?? thisNode(), signal)
      return { [`${kind}_result`]: result, [`${kind}_step`]: step }
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
    "standby.prepare_image": later(
      async (params, signal) => (await write(params, objectIn(params, "node") ?? thisNode(), signal)).message,
    ),
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

function checkVersion(given: Params | undefined): void {
  const expected = textIn(given ?? {}, MANAGER)
  if (expected === undefined || expected === versions[MANAGER]) return
  throw new BifrostError(agentErrors.VERSION_CHANGED, { detail: `${MANAGER} ${versions[MANAGER]}`, expected })
}

/** What the write reads of its arguments is of the right kind before a disk is looked for. */
function writeArgs(args: Params): WriteImageArgs {
  const image = objectIn(args, "image_info") ?? {}
  const { urls } = image
  if (!Array.isArray(urls) || urls.some((url) => typeof url !== "string")) {
    throw new BifrostError(agentErrors.BAD_ARGUMENT, { expected: "image_info.urls" })
  }
  for (const name of ["os_hash_algo", "os_hash_value", "checksum"]) textIn(image, name)
  textIn(args, "configdrive")
  return args as unknown as WriteImageArgs
}

function rootDevice(node: Params): RootDeviceHints | undefined {
  const [info, properties] = [objectIn(node, "instance_info"), objectIn(node, "properties")]
  return objectIn(info ?? {}, "root_device") ?? objectIn(properties ?? {}, "root_device")
}

/** The commands' parameters are JSON of any kind: what is not as the protocol has it gets a name, not a TypeError. */
function objectIn(params: Params, name: string): Params | undefined {
  const value = params[name] ?? undefined
  if (value === undefined || (typeof value === "object" && !Array.isArray(value))) return value as Params | undefined
  throw new BifrostError(agentErrors.BAD_ARGUMENT, { detail: name, expected: "an object" })
}

function textIn(params: Params, name: string): string | undefined {
  const value = params[name] ?? undefined
  if (value === undefined || typeof value === "string") return value
  throw new BifrostError(agentErrors.BAD_ARGUMENT, { detail: name, expected: "text" })
}

async function eraseDisk(files: KernelFiles, disk: InventoryDisk, { report, log }: Surroundings): Promise<void> {
  report({ step: "erase_devices", done: 0, total: disk.size, message: `erasing the partition table of ${disk.name}` })
  await wipeMetadata(files, disk)
  await rereadPartitions(files.path(disk.name))
  log.write(`erase_devices_metadata: ${disk.name} erased`)
}
