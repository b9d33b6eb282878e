import type { Power } from "../ipmi/types.ts"
import type { Paths } from "../util/paths.ts"
import { type Accelerator, accelerator } from "./accelerator.ts"
import type { CephSpec } from "./ceph.ts"
import { type ContainerState, containerState } from "./containers.ts"
import { daemonPids } from "./daemon-process.ts"
import { type LabLayout, labLayout } from "./layout.ts"
import { namespaceExists } from "./namespace.ts"
import { qemuPids } from "./qemu-process.ts"
import { checkLabName, type HostSpec, type MachineSpec } from "./spec.ts"
import { requireSpec } from "./spec-file.ts"

export interface LabStatus {
  readonly name: string
  readonly accelerator: Accelerator
  readonly network: "up" | "absent"
  /** The process that holds the BMCs. */
  readonly daemon: { readonly pid: number } | null
  readonly hosts_csv: string
  readonly machines: readonly MachineStatus[]
  readonly hosts: readonly HostStatus[]
  readonly ceph: CephStatus | null
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

export interface HostStatus extends ContainerState {
  readonly name: string
  readonly mac: string
  readonly ip: string
  readonly container: string
}

export interface CephStatus extends ContainerState {
  readonly ip: string
  readonly container: string
  /** The folder with a site's files for it. */
  readonly config: string
}

/** What is there now, from the process table and the engine; asks no daemon. Rejects with LAB_ABSENT. */
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
    hosts: await Promise.all(spec.hosts.map((host) => hostStatus(layout, host))),
    ceph: spec.ceph ? await cephStatus(layout, spec.ceph) : null,
  }
}

async function hostStatus(layout: LabLayout, { name, mac, ip }: HostSpec): Promise<HostStatus> {
  const host = layout.host(name)
  return { name, mac, ip, container: host.container, ...(await containerState(host.container)) }
}

async function cephStatus({ ceph: { container, config } }: LabLayout, { ip }: CephSpec): Promise<CephStatus> {
  return { ip, container, config, ...(await containerState(container)) }
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
