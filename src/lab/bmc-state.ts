import { readFileSync, renameSync, writeFileSync } from "node:fs"
import type { BootSelection } from "../ipmi/types.ts"

const none: BootSelection = { device: "none", persistent: false, efi: false }

/**
 * The boot selection of one machine, in a file, so that it outlives the daemon. `consume()` belongs after each boot, the
 * guest's own resets included: a one-shot selection is used up by it (IPMI 2.0 §28.13, parameter 5, data 1 bit 6).
 */
export class BmcState {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  get(): BootSelection {
    try {
      return { ...none, ...JSON.parse(readFileSync(this.#file, "utf8")).boot }
    } catch {
      return none // never set, or the file was damaged: the firmware's own order
    }
  }

  set(boot: BootSelection): void {
    const draft = `${this.#file}.new`
    writeFileSync(draft, `${JSON.stringify({ boot })}\n`)
    renameSync(draft, this.#file)
  }

  consume(): void {
    const { device, persistent } = this.get()
    if (device !== "none" && !persistent) this.set(none)
  }
}
