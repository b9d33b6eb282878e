import type { BootSelection } from "../types.ts"

const none: BootSelection = { device: "none", persistent: false, efi: false }

/** The boot selection of one machine. Whoever boots it calls `consume()` at each boot, the guest's own resets included. */
export class BootFlags {
  #selection: BootSelection = none

  get(): BootSelection {
    return this.#selection
  }

  set(selection: BootSelection): void {
    this.#selection = selection
  }

  /** What this boot starts from. A one-shot selection is used up by it (§28.13, parameter 5, data 1 bit 6). */
  consume(): BootSelection {
    const selection = this.#selection
    if (!selection.persistent) this.#selection = none
    return selection
  }
}
