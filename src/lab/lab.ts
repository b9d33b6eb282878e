import { copyFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import type { Power } from "../ipmi/types.ts"
import { BifrostError } from "../util/errors.ts"
import type { Paths } from "../util/paths.ts"
import { type Accelerator, accelerator } from "./accelerator.ts"
import { daemonPids, startDaemon, stopDaemon } from "./daemon-process.ts"
import { labErrors } from "./errors.ts"
import { hostsCsv } from "./hosts-csv.ts"
import { type LabLayout, labLayout } from "./layout.ts"
import { withLabLock } from "./lock.ts"
import { ensureNetwork, namespaceExists } from "./namespace.ts"
import { uefi } from "./qemu-args.ts"
import { qemuPids } from "./qemu-process.ts"
import { removeLab } from "./remove.ts"
import { requireLab, requireRoot } from "./requirements.ts"
import { checkLabName, extendLab, type LabOptions, type LabSpec, type MachineSpec, planLab } from "./spec.ts"

export { attachContainer, inNamespace } from "./namespace.ts"

export const defaultLabName = "bifrost-lab"

export interface LabStatus {
  readonly name: string
  readonly accelerator: Accelerator
  readonly network: "up" | "absent"
  /** The process that holds the BMCs. */
  readonly daemon: { readonly pid: number } | null
  readonly hosts_csv: string
  readonly machines: readonly MachineStatus[]
}

export interface MachineStatus {
  readonly name: string
  readonly uuid: string
  readonly mac: string
  readonly ip: string
  readonly firmware: string
  readonly cpus: number
  readonly memory_mb: number
  readonly disk_gb: number
  readonly power: Power
  readonly pid: number | null
  readonly bmc: string
  readonly console_log: string
}

export interface UpResult {
  readonly status: LabStatus
  /** What was made, one line each; empty when the lab was whole already. */
  readonly made: readonly string[]
}

/**
 * Makes the lab, or whatever of it is missing; what runs keeps running. When it fails or is aborted before the lab first
 * stood, nothing of it stays.
 */
export async function labUp(paths: Paths, name: string, options: LabOptions, signal?: AbortSignal): Promise<UpResult> {
  requireRoot()
  const layout = labLayout(paths, checkLabName(name))
  return withLabLock(name, async () => {
    checkOwner(layout)
    const before = readSpec(layout)
    const spec = before ? extendLab(before, options) : planLab(name, options)
    requireLab(spec)
    try {
      const made = await makeLab(layout, paths, before, spec, signal)
      return { status: await labStatus(paths, name), made }
    } catch (error) {
      if (!before) await removeLab(layout)
      throw error
    }
  })
}

/** Removes every process, namespace and file of the lab, also after an `up` that was cut off. Returns what it removed. */
export async function labDown(paths: Paths, name: string): Promise<string[]> {
  requireRoot()
  const layout = labLayout(paths, checkLabName(name))
  return withLabLock(name, async () => {
    checkOwner(layout)
    return removeLab(layout)
  })
}

/** What is there now, from the process table; asks no daemon. Rejects with LAB_ABSENT. */
export async function labStatus(paths: Paths, name: string): Promise<LabStatus> {
  const layout = labLayout(paths, checkLabName(name))
  const spec = requireSpec(layout)
  const [pid] = daemonPids(layout)
  return {
    name,
    accelerator: await accelerator(),
    network: namespaceExists(name) ? "up" : "absent",
    daemon: pid === undefined ? null : { pid },
    hosts_csv: layout.hostsCsv,
    machines: spec.machines.map((machine) => machineStatus(layout, machine)),
  }
}

export function findMachine(paths: Paths, labName: string, node: string) {
  const layout = labLayout(paths, checkLabName(labName))
  const spec = requireSpec(layout)
  const machine = spec.machines.find((candidate) => candidate.name === node)
  if (machine) return { machine, layout: layout.machine(node), lab: layout }
  const expected = spec.machines.map((candidate) => candidate.name).join(", ")
  throw new BifrostError(labErrors.LAB_NO_SUCH_NODE, { node, expected })
}

/** Rejects with LAB_ABSENT when the lab has no network to run anything in. */
export function requireNetwork(name: string): void {
  requireRoot()
  if (!namespaceExists(checkLabName(name))) throw new BifrostError(labErrors.LAB_ABSENT, { detail: name })
}

async function makeLab(
  layout: LabLayout,
  paths: Paths,
  before: LabSpec | undefined,
  spec: LabSpec,
  signal?: AbortSignal,
): Promise<string[]> {
  const made: string[] = []
  const step = async (work: () => string[] | Promise<string[]>) => {
    signal?.throwIfAborted()
    made.push(...(await work()))
  }
  const grown = before !== undefined && before.machines.length < spec.machines.length
  await step(() => writeSpec(layout, before, spec))
  await step(() => ensureNetwork(spec))
  for (const machine of spec.machines) await step(() => ensureDisk(layout, machine))
  // The daemon reads the spec when it starts; machines that run are adopted by the next one.
  if (grown) await step(() => stopDaemon(layout))
  await step(() => startDaemon(layout, paths, signal))
  await step(() => writeIfOther(layout.hostsCsv, hostsCsv(spec)))
  signal?.throwIfAborted()
  return made
}

function writeSpec(layout: LabLayout, before: LabSpec | undefined, spec: LabSpec): string[] {
  mkdirSync(layout.dir, { recursive: true, mode: 0o700 })
  mkdirSync(layout.run, { recursive: true, mode: 0o700 })
  writeFileSync(layout.owner, layout.dir)
  if (JSON.stringify(before) === JSON.stringify(spec)) return []
  return writeIfOther(layout.spec, `${JSON.stringify(spec, null, 2)}\n`)
}

function ensureDisk(layout: LabLayout, machine: MachineSpec): string[] {
  const files = layout.machine(machine.name)
  const made: string[] = []
  mkdirSync(files.dir, { recursive: true, mode: 0o700 })
  if (!existsSync(files.disk)) {
    writeFileSync(files.disk, "", { mode: 0o600 })
    truncateSync(files.disk, machine.diskBytes)
    made.push(`${machine.name}: ${machine.firmware}, blank disk of ${machine.diskBytes / 2 ** 30} GiB`)
  }
  if (machine.firmware === "uefi" && !existsSync(files.vars)) copyFileSync(uefi.vars, files.vars)
  return made
}

function writeIfOther(file: string, content: string): string[] {
  if (existsSync(file) && readFileSync(file, "utf8") === content) return []
  writeFileSync(file, content, { mode: 0o600 })
  return [file]
}

/** A lab is known by its namespace's name, which the whole host shares; its files lie in one state directory. */
function checkOwner(layout: LabLayout): void {
  const owner = existsSync(layout.owner) ? readFileSync(layout.owner, "utf8") : layout.dir
  if (owner !== layout.dir)
    throw new BifrostError(labErrors.LAB_TAKEN, { detail: `${layout.name} is kept in ${owner}` })
}

function readSpec(layout: LabLayout): LabSpec | undefined {
  return existsSync(layout.spec) ? JSON.parse(readFileSync(layout.spec, "utf8")) : undefined
}

function requireSpec(layout: LabLayout): LabSpec {
  const spec = readSpec(layout)
  if (!spec) throw new BifrostError(labErrors.LAB_ABSENT, { detail: layout.name })
  return spec
}

function machineStatus(layout: LabLayout, machine: MachineSpec): MachineStatus {
  const [pid] = qemuPids(machine)
  return {
    name: machine.name,
    uuid: machine.uuid,
    mac: machine.mac,
    ip: machine.ip,
    firmware: machine.firmware,
    cpus: machine.cpus,
    memory_mb: machine.memoryMb,
    disk_gb: machine.diskBytes / 2 ** 30,
    power: pid === undefined ? "off" : "on",
    pid: pid ?? null,
    bmc: `${machine.bmc.address}:${machine.bmc.port}`,
    console_log: layout.machine(machine.name).consoleLog,
  }
}
