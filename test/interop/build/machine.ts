import { type ChildProcess, spawn } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"

/** A QEMU machine of a test, known by what it says on its serial console. */
export interface TestMachine {
  readonly serial: () => string
  /** Resolves with the match; rejects with the console's last lines when the machine ends or the time is over. */
  saw(pattern: RegExp, withinMs: number): Promise<RegExpMatchArray>
  /** Ends the machine. */
  stop(): Promise<void>
  /** Keeps the console's output where CI gathers it. */
  keepLog(name: string): Promise<void>
}

export function startMachine(args: readonly string[]): TestMachine {
  const base = ["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-display", "none", "-monitor", "none"]
  const child: ChildProcess = spawn("qemu-system-x86_64", [...base, "-serial", "stdio", "-no-reboot", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  const watchers = new Set<() => void>()
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()))
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk
      for (const watcher of watchers) watcher()
    })
  }
  return {
    serial: () => output,
    saw(pattern, withinMs) {
      return new Promise((resolve, reject) => {
        const fail = (why: string) => settle(() => reject(new Error(`${why}: ${pattern}\n${output.slice(-2000)}`)))
        const timer = setTimeout(() => fail(`not within ${withinMs / 1000} s`), withinMs)
        const look = () => {
          const match = output.match(pattern)
          if (match) settle(() => resolve(match))
        }
        const settle = (end: () => void) => {
          clearTimeout(timer)
          watchers.delete(look)
          end()
        }
        watchers.add(look)
        closed.then(() => watchers.has(look) && fail("the machine ended before it said"))
        look()
      })
    },
    async stop() {
      child.kill("SIGKILL")
      await closed
    },
    async keepLog(name) {
      await mkdir("test-results", { recursive: true })
      await writeFile(`test-results/${name}.serial.log`, output)
    },
  }
}
