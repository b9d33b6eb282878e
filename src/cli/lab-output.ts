import pc from "picocolors"
import type { CephStatus, HostStatus, LabStatus, MachineStatus } from "../lab/status.ts"

/** One line each, or the sentence for none. */
export function printList(lines: readonly string[], mark: string, none: string): void {
  if (lines.length === 0) console.log(none)
  for (const line of lines) console.log(`${mark} ${line}`)
}

type Columns<T> = Readonly<Record<string, (row: T) => string>>

const machineColumns: Columns<MachineStatus> = {
  machine: (machine) => machine.name,
  power: (machine) => machine.power,
  firmware: (machine) => machine.firmware,
  size: ({ cpus, memory_mb, disk_gb }) => `${cpus} cpu, ${memory_mb} MB, ${disk_gb} GB`,
  mac: (machine) => machine.mac,
  ip: (machine) => machine.ip,
  bmc: (machine) => machine.bmc,
}

const hostColumns: Columns<HostStatus> = {
  host: (host) => host.name,
  state: (host) => host.state,
  container: (host) => host.container,
  mac: (host) => host.mac,
  ip: (host) => host.ip,
}

const cephColumns: Columns<CephStatus> = {
  ceph: () => "ceph",
  state: (ceph) => ceph.state,
  container: (ceph) => ceph.container,
  ip: (ceph) => ceph.ip,
  "for the site": (ceph) => ceph.config,
}

export function printStatus(status: LabStatus): void {
  const network = status.network === "up" ? "network up" : pc.red("no network: run lab up")
  const daemon = status.daemon ? `BMCs by process ${status.daemon.pid}` : pc.red("no BMC daemon: run lab up")
  const parts = [network, ...(status.machines.length > 0 ? [daemon] : []), `accelerator ${status.accelerator}`]
  console.log(`\n${pc.bold(status.name)}: ${parts.join(", ")}`)
  printTable(machineColumns, status.machines)
  printTable(hostColumns, status.hosts)
  printTable(cephColumns, status.ceph ? [status.ceph] : [])
}

/** The second column says whether it is on. */
function printTable<T>(columns: Columns<T>, items: readonly T[]): void {
  if (items.length === 0) return
  const rows = items.map((item) => Object.values(columns).map((cell) => cell(item)))
  const table = [Object.keys(columns), ...rows]
  const widths = Object.keys(columns).map((_, at) => Math.max(...table.map((row) => row[at]!.length)))
  for (const [at, row] of table.entries()) {
    const line = row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")
    const lit = line.replace(/^(\S+\s+)(on|running) /, (_, name, on) => `${name}${pc.green(on)} `)
    console.log(at === 0 ? pc.dim(line) : lit)
  }
}
