import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { type Clock, systemClock } from "../util/clock.ts"

/**
 * The process table is the only record of what runs: a pid file can name a process that is gone, or another one with its
 * number, and a process that was killed before it wrote one has none. A zombie has no command line, so it is not found.
 */
export function findProcesses(matches: (argv: readonly string[], pid: number) => boolean): number[] {
  const found: number[] = []
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const argv = argvOf(pid)
    if (argv.length > 0 && matches(argv, pid)) found.push(pid)
  }
  return found
}

function argvOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1)
  } catch {
    return [] // it ended while we looked
  }
}

/** Program and first arguments, for a person. */
export function commandLine(pid: number): string {
  const line = argvOf(pid).join(" ")
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}

/** The pids in a network namespace, this process left out. */
export function processesInNamespace(path: string): number[] {
  const wanted = namespaceInode(path)
  if (wanted === undefined) return []
  return findProcesses((_, pid) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`) === wanted
    } catch {
      return false
    }
  })
}

/** `net:[inode]` of a named network namespace; undefined when nothing is mounted there. */
export function namespaceInode(path: string): string | undefined {
  // A named namespace is a bind mount of nsfs, whose root field reads like the link /proc/PID/ns/net.
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n")
  return mounts.map((line) => line.split(" ")).find((field) => field[4] === path)?.[3]
}

/** False for a zombie too, which `kill(pid, 0)` takes for alive. */
export function isAlive(pid: number): boolean {
  try {
    // The command name, second field, may hold anything, ")" included: the state follows the last ")".
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2))
  } catch {
    return false
  }
}

/** SIGTERM, then after `graceMs` SIGKILL; resolves when none of them lives. */
export async function endProcesses(
  pids: readonly number[],
  graceMs: number,
  clock: Clock = systemClock,
): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const pid of pids.filter(isAlive)) {
      try {
        process.kill(pid, signal)
      } catch {
        // ended meanwhile
      }
    }
    const deadline = clock.now() + (signal === "SIGTERM" ? graceMs : 10_000)
    while (pids.some(isAlive) && clock.now() < deadline) await clock.sleep(20)
  }
}
