import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import type { Outcome } from "../journey/run.ts"

export interface Measured {
  readonly seconds: number
  /** The most memory that its process ever had. */
  readonly peakMb: number
}

const pollMs = 20

/** Runs the tool as a user would, and measures it. Rejects unless it ends with `code`, with the last lines of what it printed. */
export function measure(state: string, args: readonly string[], code = 0): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const env = { ...process.env, BIFROST_STATE: state }
    const child = spawn("bin/bifrost-ts", args, { env, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text
      })
    let peakMb = 0
    // The kernel keeps the peak, so that only its last moments can be missed.
    const poll = setInterval(() => {
      peakMb = Math.max(peakMb, peakMbOf(child.pid ?? 0))
    }, pollMs)
    child.on("error", reject)
    child.on("close", (ended) => {
      clearInterval(poll)
      const seconds = (performance.now() - started) / 1000
      if (ended === code) return resolve({ seconds, peakMb })
      const told = output.trimEnd().split("\n").slice(-20).join("\n")
      reject(new Error(`bifrost-ts ${args.join(" ")} ended with exit code ${ended}, not ${code}\n${told}`))
    })
  })
}

/** Throws for a command that failed. */
export function succeeded(what: string, outcome: Outcome): Outcome {
  if (outcome.code === 0) return outcome
  throw new Error(`${what} ended with exit code ${outcome.code}\n${outcome.stderr}`)
}

/** VmHWM of a process, MB of a million bytes; 0 when it is gone. proc_pid_status(5). */
export function peakMbOf(pid: number): number {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
    return (Number(kib ?? 0) * 1024) / 1e6
  } catch {
    return 0
  }
}
