export const firmwares = ["bios", "uefi"] as const
export type Firmware = (typeof firmwares)[number]

export const architectures = ["i386", "x86_64", "arm64"] as const
/** iPXE's own names (`${buildarch}`), as DHCP option 93 tells them. */
export type Architecture = (typeof architectures)[number]

/** Who asks: what DHCP and the query string of `/boot.ipxe` say about a machine. */
export interface BootQuestion {
  /** Lower case, colons. */
  readonly mac: string
  readonly arch: Architecture
  readonly firmware: Firmware
  /** SMBIOS UUID in its canonical form. Firmware often sends zeros or rubbish, so it is a hint, never an identity. */
  readonly uuid?: string
}

export interface BootNode {
  readonly uuid: string
  readonly name: string
}

/**
 * What the machine shall do now:
 * - ramdisk: kernel and ramdisk of the deploy agent, for the node
 * - disk: what is on its own disk
 * - discover: the same ramdisk, for a machine that nobody enrolled yet
 * - ignore: nothing from us, not even a boot loader
 */
export type BootAnswer =
  | { readonly boot: "ramdisk"; readonly node: BootNode }
  | { readonly boot: "disk"; readonly node: BootNode }
  | { readonly boot: "discover" }
  | { readonly boot: "ignore" }

/** The one question that DHCP and HTTP ask before they hand anything out. */
export interface BootPolicy {
  bootFor(question: BootQuestion): Promise<BootAnswer>
}
