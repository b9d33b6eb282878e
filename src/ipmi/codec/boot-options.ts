import { type BootSelection, bootDevices } from "../types.ts"
import { malformed, nameOf, need } from "./bytes.ts"

/** System boot options (IPMI 2.0 §28.12, §28.13, Table 28-14). */
export const bootParameters = { setInProgress: 0, validBitClearing: 3, infoAcknowledge: 4, flags: 5 } as const

const bits = { valid: 0x80, persistent: 0x40, efi: 0x20 } as const

/** Data of parameter 5. `none` clears the valid bit: no override. */
export function encodeBootFlags(selection: BootSelection): Buffer {
  if (selection.device === "none") return Buffer.alloc(5)
  const first = bits.valid | (selection.persistent ? bits.persistent : 0) | (selection.efi ? bits.efi : 0)
  return Buffer.from([first, bootDevices[selection.device] << 2, 0, 0, 0])
}

/** What the flags say, valid or not: ipmi_sim and some BMCs keep a selection, but never report the valid bit. */
export function selectedBoot(data: Buffer): BootSelection {
  need(data, 2, "boot flags")
  return decodeBootFlags(Buffer.from([data[0]! | bits.valid, data[1]!]))
}

/** A device that is not in types.ts (remote media, floppy…) reads as `none`: not one that this project has set. */
export function decodeBootFlags(data: Buffer): BootSelection {
  need(data, 2, "boot flags")
  const device = nameOf(bootDevices, (data[1]! >> 2) & 0x0f) ?? "none"
  if (!(data[0]! & bits.valid) || device === "none") return { device: "none", persistent: false, efi: false }
  return { device, persistent: (data[0]! & bits.persistent) !== 0, efi: (data[0]! & bits.efi) !== 0 }
}

/** Get System Boot Options' answer: parameter version 1, the parameter (bit 7: invalid or locked), its data. */
export function encodeBootParameter(parameter: number, data: Iterable<number>): Buffer {
  return Buffer.from([0x01, parameter, ...data])
}

export function decodeBootParameter(response: Buffer, parameter: number): Buffer {
  need(response, 2, "Get System Boot Options")
  const got = response[1]! & 0x7f
  if (got !== parameter) throw malformed(`boot parameter ${got} where ${parameter} was asked for`)
  return response.subarray(2)
}
