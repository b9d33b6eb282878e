import type { PxeClient } from "../dhcp/values.ts"
import type { Architecture, Firmware } from "./policy.ts"

/** One value of DHCP option 93: what it means and what such firmware loads first. */
export interface MachineKind {
  readonly firmware: Firmware
  readonly arch: Architecture
  /** A file of STATE/boot; undefined where none of ours fits. */
  readonly loader: string | undefined
}

/** IANA, "Processor Architecture Types" of RFC 5970 §6.1, which continues RFC 4578's list. */
const kinds: Readonly<Record<number, MachineKind>> = {
  // A BIOS cannot say that its processor has 64 bits; servers of the last fifteen years have.
  0: { firmware: "bios", arch: "x86_64", loader: "undionly.kpxe" },
  6: { firmware: "uefi", arch: "i386", loader: undefined },
  // 7 is "EBC" in RFC 4578; all x64 firmware sends it, and 9, the right one, hardly any.
  7: { firmware: "uefi", arch: "x86_64", loader: "snponly.efi" },
  9: { firmware: "uefi", arch: "x86_64", loader: "snponly.efi" },
  11: { firmware: "uefi", arch: "arm64", loader: undefined },
}

/** Clients that do not say what they are predate UEFI. Undefined: a kind that this service has nothing for. */
export function machineKind(client: Pick<PxeClient, "arch">): MachineKind | undefined {
  return kinds[client.arch ?? 0]
}

/** "52-54-00-12-34-56", "52:54:00:12:34:56" or "01-52-54-…" (BOOTIF) as lower case with colons, or undefined. */
export function parseMac(text: string): string | undefined {
  const mac = text
    .toLowerCase()
    .replaceAll("-", ":")
    .replace(/^01:(?=(..:){5}..$)/, "")
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) ? mac : undefined
}

export function dashed(mac: string): string {
  return mac.replaceAll(":", "-")
}
