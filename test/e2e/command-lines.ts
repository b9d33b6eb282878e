import { readdirSync, readFileSync } from "node:fs"

/** A program that works with a BMC runs for longer. */
const everyMs = 250

/** All that the process list showed while this was open: the command lines of every process, of whatever user. */
export class CommandLines {
  readonly #seen = new Set<string>()
  readonly #timer = setInterval(() => this.#look(), everyMs)

  seen(): string {
    this.#look()
    return [...this.#seen].join("\n")
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        this.#seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "))
      } catch {
        // It ended while we looked.
      }
    }
  }
}
