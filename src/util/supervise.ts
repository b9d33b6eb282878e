import { spawn } from "node:child_process"
import type { Clock } from "./clock.ts"

export interface Supervised {
  /** Ends the program (SIGTERM, then SIGKILL after `graceMs`) and resolves when it is gone. */
  stop(): Promise<void>
}

export interface SuperviseOptions {
  readonly clock: Clock
  readonly onLine?: (line: string) => void
  /** Told at each unwanted end, before the next start. */
  readonly onExit?: (how: string) => void
  readonly graceMs?: number
}

const firstPause = 500
const longestPause = 30_000

/** Keeps a program running beside ours: starts it again when it ends, ever more slowly while it keeps ending. */
export function supervise(command: string, args: readonly string[], options: SuperviseOptions): Supervised {
  const ending = new AbortController()
  let current: ReturnType<typeof spawn> | undefined
  let gone: Promise<unknown> = Promise.resolve()

  const loop = async () => {
    let pause = firstPause
    while (!ending.signal.aborted) {
      const startedAt = options.clock.now()
      gone = once()
      const how = await gone
      if (ending.signal.aborted) return
      options.onExit?.(String(how))
      if (options.clock.now() - startedAt > longestPause) pause = firstPause
      await options.clock.sleep(pause, ending.signal).catch(() => {})
      pause = Math.min(pause * 2, longestPause)
    }
  }

  const once = () =>
    new Promise<string>((resolve) => {
      const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] })
      current = child
      for (const stream of [child.stdout, child.stderr]) {
        let partial = ""
        stream.setEncoding("utf8").on("data", (chunk: string) => {
          const lines = (partial + chunk).split("\n")
          partial = lines.pop() ?? ""
          for (const line of lines) options.onLine?.(line)
        })
      }
      child.on("error", (error) => resolve(error.message))
      child.on("close", (code, signal) => resolve(code === null ? `ended by ${signal}` : `exit ${code}`))
    })

  const finished = loop()
  return {
    async stop() {
      ending.abort()
      current?.kill("SIGTERM")
      const cancel = options.clock.after(options.graceMs ?? 5_000, () => current?.kill("SIGKILL"))
      await gone
      cancel()
      await finished
    },
  }
}
