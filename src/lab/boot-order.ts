/** First to last. */
export type BootOrder = readonly ["net" | "disk", "net" | "disk"]

/** Servers try their disk first; a blank one falls through to the network. */
const byDefault: BootOrder = ["disk", "net"]

/** What the firmware of the lab's machines can be told to boot from; other selections leave the default. */
export function bootOrder(device: string): BootOrder {
  return device === "pxe" ? ["net", "disk"] : byDefault
}

/**
 * The bootindex values to set, in order, so that no two devices ever have the same one, which QEMU refuses: everything
 * after the first is parked out of the way. QEMU passes them to the firmware at the next reset (fw_cfg `bootorder`).
 */
export function bootIndexSteps(order: BootOrder): { device: "net" | "disk"; bootindex: number }[] {
  const [first, second] = order
  return [
    { device: second, bootindex: 9 },
    { device: first, bootindex: 1 },
    { device: second, bootindex: 2 },
  ]
}
