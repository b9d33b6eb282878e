/** First to last. */
export type BootOrder = readonly ["net" | "disk", "net" | "disk"]

/** Servers try their disk first; a blank one falls through to the network. */
const byDefault: BootOrder = ["disk", "net"]

/** What the firmware of the lab's machines can be told to boot from; other selections leave the default. */
export function bootOrder(device: string): BootOrder {
  return device === "pxe" ? ["net", "disk"] : byDefault
}

export type BootIndexes = Readonly<Record<"net" | "disk", number>>

/**
 * The bootindex values to set, one after the other, to get from those that QEMU has to this order. They are always fresh
 * numbers, because QEMU refuses one that any device has, even the device itself. The firmware learns them at the next reset
 * (fw_cfg `bootorder`).
 */
export function bootIndexSteps(
  [first, second]: BootOrder,
  current: BootIndexes,
): { device: "net" | "disk"; bootindex: number }[] {
  if (current[first] < current[second]) return []
  const highest = current[first]
  return [
    { device: first, bootindex: highest + 1 },
    { device: second, bootindex: highest + 2 },
  ]
}
