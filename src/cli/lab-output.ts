import pc from "picocolors"
import type { LabStatus, MachineStatus } from "../lab/lab.ts"

/** One line each, or the sentence for none. */
export function printList(lines: readonly string[], mark: string, none: string): void {
  if (lines.length === 0) console.log(none)
  for (const line of lines) console.log(`${mark} ${line}`)
}

const columns: Record<string, (machine: MachineStatus) => string> = {
  machine: (machine) => machine.name,
  power: (machine) => machine.power,
  firmware: (machine) => machine.firmware,
  size: ({ cpus, memory_mb, disk_gb }) => `${cpus} cpu, ${memory_mb} MB, ${disk_gb} GB`,
  mac: (machine) => machine.mac,
  ip: (machine) => machine.ip,
  bmc: (machine) => machine.bmc,
}

export function printStatus(status: LabStatus): void {
  const daemon = status.daemon ? `BMCs by process ${status.daemon.pid}` : pc.red("no BMC daemon: run lab up")
  const network = status.network === "up" ? "network up" : pc.red("no network: run lab up")
  console.log(`\n${pc.bold(status.name)}: ${network}, ${daemon}, accelerator ${status.accelerator}`)
  const rows = status.machines.map((machine) => Object.values(columns).map((cell) => cell(machine)))
  const table = [Object.keys(columns), ...rows]
  const widths = Object.keys(columns).map((_, at) => Math.max(...table.map((row) => row[at]!.length)))
  for (const [at, row] of table.entries()) {
    const line = row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")
    console.log(at === 0 ? pc.dim(line) : line.replace(/^(\S+\s+)on /, (_, name) => `${name}${pc.green("on")} `))
  }
}
