import { spawn } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { BifrostError } from "../util/errors.ts"
import type { Paths } from "../util/paths.ts"
import { labErrors } from "./errors.ts"
import type { LabLayout } from "./layout.ts"
import { inNamespace } from "./namespace.ts"
import { endProcesses, findProcesses } from "./processes.ts"

const program = fileURLToPath(new URL("daemon.ts", import.meta.url))
const readyWithinMs = 60_000

/** The daemon of this lab, whatever checkout it runs from. */
export function daemonPids(layout: LabLayout): number[] {
  const state = dirname(dirname(layout.dir))
  return findProcesses((argv) => {
    const at = argv.findIndex((word) => word.endsWith("/src/lab/daemon.ts"))
    return at > 0 && argv[at + 1] === state && argv[at + 2] === layout.name
  })
}

/** Starts the daemon unless it runs; resolves once all BMCs listen. Rejects with LAB_DAEMON_SILENT. */
export async function startDaemon(layout: LabLayout, paths: Paths, signal?: AbortSignal): Promise<string[]> {
  if (daemonPids(layout).length > 0) return []
  const log = openSync(layout.daemonLog, "a", 0o600)
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", program, paths.state, layout.name]
  const [command, ...args] = inNamespace(layout.name, node)
  const child = spawn(command!, args, { cwd: layout.dir, detached: true, stdio: ["ignore", "pipe", log] })
  closeSync(log)
  const ready = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), readyWithinMs)
    signal?.addEventListener("abort", () => resolve(false), { once: true })
    child.on("error", () => resolve(false)).on("exit", () => resolve(false))
    child.stdout?.setEncoding("utf8").on("data", (text: string) => resolve(text.startsWith("ready")))
    child.on("exit", () => clearTimeout(timer))
    child.stdout?.once("data", () => clearTimeout(timer))
  })
  if (ready) {
    child.stdout?.destroy()
    child.unref()
    return [`BMC daemon, process ${child.pid}`]
  }
  if (child.pid !== undefined) await endProcesses([child.pid], 2_000)
  signal?.throwIfAborted()
  const said = readFileSync(layout.daemonLog, "utf8").trim().split("\n").at(-1) ?? ""
  throw new BifrostError(labErrors.LAB_DAEMON_SILENT, { detail: `${said} (${layout.daemonLog})` })
}

/** Ends the daemon; the machines run on. */
export async function stopDaemon(layout: LabLayout): Promise<string[]> {
  const pids = daemonPids(layout)
  await endProcesses(pids, 5_000)
  return pids.map((pid) => `BMC daemon, process ${pid}, ended`)
}
