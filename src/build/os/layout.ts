/** Where the parts of a whole-disk image lie. Sectors of 512 bytes; every start on a 1 MiB boundary. */
export interface Layout {
  readonly bios: Extent
  readonly esp: Extent
  readonly root: Extent
  /** Size of the disk image, with room for GPT's copy at its end. */
  readonly sectors: number
}

export interface Extent {
  readonly start: number
  readonly sectors: number
}

export const SECTOR = 512
const MIB = (1024 * 1024) / SECTOR
const ESP_MIB = 64

/** GPT type GUIDs (UEFI 2.10 §5.3.3; the BIOS boot partition is GRUB's own, the root's is the Discoverable Partitions'). */
const types = {
  bios: "21686148-6449-6E6F-744E-656564454649",
  esp: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
  root: "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
}

export const ROOT_PARTITION = 3

/**
 * BIOS boot partition, ESP, root. The root comes last, so that it can grow up to whatever is put at the end of a larger
 * disk: the config drive's partition.
 */
export function layOut(rootBytes: number): Layout {
  const bios = { start: MIB, sectors: MIB }
  const esp = { start: bios.start + bios.sectors, sectors: ESP_MIB * MIB }
  const root = { start: esp.start + esp.sectors, sectors: Math.ceil(rootBytes / SECTOR / MIB) * MIB }
  return { bios, esp, root, sectors: root.start + root.sectors + MIB }
}

/** The layout as a script for sfdisk(8). */
export function sfdiskScript(layout: Layout): string {
  const part = (extent: Extent, type: string, name: string) =>
    `start=${extent.start}, size=${extent.sectors}, type=${type}, name=${name}`
  return [
    "label: gpt",
    "unit: sectors",
    part(layout.bios, types.bios, "bios"),
    part(layout.esp, types.esp, "esp"),
    part(layout.root, types.root, "root"),
    "",
  ].join("\n")
}
