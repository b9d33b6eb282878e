import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { forgetAccelerator } from "./accelerator.ts"
import { removeContainers } from "./containers.ts"
import { stopDaemon } from "./daemon-process.ts"
import type { LabLayout } from "./layout.ts"
import { namespacePath, removeNetwork } from "./namespace.ts"
import { commandLine, endProcesses, findProcesses, processesInNamespace } from "./processes.ts"

/**
 * Takes away all that a lab may have, by looking at the host and not at what the lab believes it made: so a lab that was cut
 * off half-way, or whose files are damaged, goes too. Returns what was removed, one line each.
 */
export async function removeLab(layout: LabLayout): Promise<string[]> {
  const removed = [...(await removeContainers(layout.name)), ...(await stopDaemon(layout))]
  // QEMUs are known by their sockets' directory, so they are found when the namespace is already gone.
  const ours = findProcesses(
    (argv) => argv[0] === "qemu-system-x86_64" && argv.some((word) => word.includes(`${layout.run}/`)),
  )
  const pids = [...new Set([...ours, ...processesInNamespace(namespacePath(layout.name))])]
  removed.push(...pids.map((pid) => `process ${pid}, ${commandLine(pid)}`))
  await endProcesses(pids, 2_000)
  if (await removeNetwork(layout.name)) removed.push(`namespace ${layout.name}`)
  for (const dir of [layout.run, layout.dir]) {
    if (!existsSync(dir)) continue
    rmSync(dir, { recursive: true })
    removed.push(dir)
  }
  if (removeIfEmpty(dirname(layout.run))) {
    forgetAccelerator()
    removeIfEmpty(dirname(dirname(layout.run)))
  }
  if (removeIfEmpty(dirname(layout.dir))) removeIfEmpty(dirname(dirname(layout.dir)))
  return removed
}

function removeIfEmpty(dir: string): boolean {
  if (!existsSync(dir)) return true
  if (readdirSync(dir).length > 0) return false
  rmdirSync(dir)
  return true
}
