import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"
import { type Clock, systemClock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { labErrors } from "./errors.ts"
import type { MachineLayout } from "./layout.ts"
import { findProcesses } from "./processes.ts"
import { Qmp } from "./qmp.ts"
import type { MachineSpec } from "./spec.ts"

const startsWithinMs = 30_000

/** The pids of a machine's QEMU, whoever started it: a uuid is drawn for each machine, so it marks the process. */
export function qemuPids(machine: Pick<MachineSpec, "uuid">): number[] {
  return findProcesses((argv) => argv[argv.indexOf("-uuid") + 1] === machine.uuid && argv.includes("-uuid"))
}

/** Starts QEMU so that it outlives this process, and connects to it. Rejects with LAB_MACHINE_FAILED. */
export async function startQemu(
  machine: MachineSpec,
  layout: MachineLayout,
  args: readonly string[],
  clock: Clock = systemClock,
): Promise<Qmp> {
  const log = openSync(layout.qemuLog, "w", 0o600)
  const child = spawn("qemu-system-x86_64", args, { detached: true, cwd: layout.dir, stdio: ["ignore", log, log] })
  closeSync(log)
  child.unref()
  let failure: unknown
  child.on("error", (error) => {
    failure = error
  })
  const ended = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null
  const qmp = await connectWithin(layout, clock, ended)
  if (qmp) return qmp
  if (!ended()) child.kill("SIGKILL")
  throw new BifrostError(labErrors.LAB_MACHINE_FAILED, {
    node: machine.name,
    detail: why(child, layout),
    cause: failure,
  })
}

/** Connects to a QEMU that runs already; undefined when it ends or stays silent. */
export function adoptQemu(machine: MachineSpec, layout: MachineLayout, clock: Clock = systemClock) {
  return connectWithin(layout, clock, () => qemuPids(machine).length === 0)
}

async function connectWithin(layout: MachineLayout, clock: Clock, ended: () => boolean): Promise<Qmp | undefined> {
  const deadline = clock.now() + startsWithinMs
  while (clock.now() < deadline && !ended()) {
    try {
      return await Qmp.connect(layout.qmp)
    } catch {
      await clock.sleep(25) // the socket is not there yet
    }
  }
  return undefined
}

function why(child: ChildProcess, layout: MachineLayout): string {
  const said = readFileSync(layout.qemuLog, "utf8").trim().split("\n").at(-1)
  return said || (child.exitCode === null ? `silent for ${startsWithinMs / 1000} s` : `exit ${child.exitCode}`)
}
