import { copyFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { BifrostError } from "../util/errors.ts"
import type { Paths } from "../util/paths.ts"
import { accelerator } from "./accelerator.ts"
import { ensureCeph } from "./ceph-container.ts"
import { startDaemon, stopDaemon } from "./daemon-process.ts"
import { labErrors } from "./errors.ts"
import { ensureHosts, type HostNeeds } from "./hosts.ts"
import { hostsCsv } from "./hosts-csv.ts"
import { type LabLayout, labLayout } from "./layout.ts"
import { withLabLock } from "./lock.ts"
import { ensureNetwork, namespaceExists } from "./namespace.ts"
import { uefi } from "./qemu-args.ts"
import { removeLab } from "./remove.ts"
import { requireLab, requireRoot } from "./requirements.ts"
import { checkLabName, extendLab, type LabOptions, type LabSpec, type MachineSpec, planLab } from "./spec.ts"
import { readSpec, requireSpec } from "./spec-file.ts"
import { type LabStatus, labStatus } from "./status.ts"

export { attachContainer, inNamespace } from "./namespace.ts"
export { labStatus } from "./status.ts"

export const defaultLabName = "bifrost-lab"

export interface UpResult {
  readonly status: LabStatus
  /** What was made, one line each; empty when the lab was whole already. */
  readonly made: readonly string[]
}

export interface UpWork {
  readonly signal?: AbortSignal
  /** Asked for only when the lab has hosts. */
  readonly hostNeeds?: () => Promise<HostNeeds>
  /** Reference of the image `ceph` in the local engine. Asked for only when the lab has a Ceph. */
  readonly cephImage?: () => Promise<string>
}

/**
 * Makes the lab, or whatever of it is missing; what runs keeps running. When it fails or is aborted before the lab first
 * stood, nothing of it stays.
 */
export async function labUp(paths: Paths, name: string, options: LabOptions, work: UpWork = {}): Promise<UpResult> {
  requireRoot()
  const layout = labLayout(paths, checkLabName(name))
  return withLabLock(name, async () => {
    checkOwner(layout)
    const before = readSpec(layout)
    const spec = before ? extendLab(before, options) : planLab(name, options)
    requireLab(spec)
    try {
      const made = await makeLab(layout, paths, before, spec, work)
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

export function findMachine(paths: Paths, labName: string, node: string) {
  const { spec, layout } = labOf(paths, labName)
  const machine = spec.machines.find((candidate) => candidate.name === node)
  if (machine) return { machine, layout: layout.machine(node), lab: layout }
  const expected = [...spec.machines, ...spec.hosts].map((candidate) => candidate.name).join(", ")
  throw new BifrostError(labErrors.LAB_NO_SUCH_NODE, { node, expected })
}

/** Undefined when the lab has no host of this name; it may have a machine. */
export function findHost(paths: Paths, labName: string, node: string) {
  const { spec, layout } = labOf(paths, labName)
  const host = spec.hosts.find((candidate) => candidate.name === node)
  return host && { host, layout: layout.host(node) }
}

function labOf(paths: Paths, labName: string) {
  const layout = labLayout(paths, checkLabName(labName))
  return { layout, spec: requireSpec(layout) }
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
  { signal, hostNeeds, cephImage }: UpWork,
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
  if (spec.machines.length > 0) await step(() => startDaemon(layout, paths, signal))
  if (spec.hosts.length > 0 && hostNeeds) {
    const needs = await hostNeeds()
    const kvm = (await accelerator()) === "kvm"
    await step(() => ensureHosts(spec, layout, needs, { kvm, ...(signal && { signal }) }))
  }
  const { ceph } = spec
  if (ceph && cephImage) {
    const image = await cephImage()
    await step(() => ensureCeph(spec.name, ceph, layout.ceph, image, signal))
  }
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
