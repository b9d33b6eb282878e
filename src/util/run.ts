import { type SpawnOptions, spawn } from "node:child_process"
import { BifrostError, defineErrors } from "./errors.ts"

export const runErrors = defineErrors({
  COMMAND_MISSING: {
    status: 500,
    summary: "a program that this step runs is not installed",
    remedy: "Run scripts/setup, which installs the Debian packages that the project needs.",
  },
  COMMAND_FAILED: {
    status: 500,
    summary: "a program failed",
    remedy: "Its last lines are above; run the command by hand to see all of its output.",
  },
})

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
  /** Called with each whole line of standard output and standard error as it comes. */
  readonly onLine?: (line: string) => void
  /** Exit codes besides 0 that are results, not failures. */
  readonly accept?: readonly number[]
}

export interface RunResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program without a shell and gathers its output. Rejects with COMMAND_FAILED (last lines included). */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd,
    env: options.env ?? process.env,
    signal: options.signal,
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  }
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, spawnOptions)
    const output = { stdout: "", stderr: "" }
    for (const name of ["stdout", "stderr"] as const) {
      let partial = ""
      child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
        output[name] += chunk
        if (!options.onLine) return
        const lines = (partial + chunk).split("\n")
        partial = lines.pop() ?? ""
        for (const line of lines) options.onLine(line)
      })
    }
    child.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "ENOENT") return reject(cause)
      reject(new BifrostError(runErrors.COMMAND_MISSING, { detail: command, cause }))
    })
    child.on("close", (code, signal) => {
      if (code !== null && (code === 0 || options.accept?.includes(code))) return resolve({ code, ...output })
      const tail = (output.stderr || output.stdout).trim().split("\n").slice(-8).join("\n")
      const how = code === null ? `ended by ${signal}` : `exit ${code}`
      reject(new BifrostError(runErrors.COMMAND_FAILED, { detail: `${command} ${args.join(" ")} (${how})\n${tail}` }))
    })
    if (options.input !== undefined) {
      // A program that exits without reading its input is judged by its exit code, not by our broken pipe.
      child.stdin?.on("error", () => {})
      child.stdin?.end(options.input)
    }
  })
}
