import { BifrostError } from "../../util/errors.ts"
import { buildErrors } from "../errors.ts"
import { SECTOR } from "./layout.ts"

/**
 * What `grub-bios-setup` does for a GPT disk, on bytes instead of devices: it needs neither a loop device nor its partitions.
 * Offsets are those of GRUB's include/grub/i386/pc/boot.h and include/grub/offsets.h.
 */
const KERNEL_SECTOR = 0x5c
const BOOT_DRIVE = 0x64
const DRIVE_CHECK = 0x66
const DISK_SIGNATURE = 0x1b8
const BLOCK_LIST = SECTOR - 12

/**
 * @param bootImage GRUB's boot.img, 512 bytes.
 * @param core GRUB's core image as grub-mkimage makes it.
 * @param coreSector Where the core image will lie, in sectors from the start of the disk.
 * @returns the first 440 bytes of the disk (the table of partitions after them stays), and the core image.
 */
export function embedGrub(bootImage: Buffer, core: Buffer, coreSector: number): { mbr: Buffer; core: Buffer } {
  if (bootImage.length !== SECTOR || bootImage.readUInt16LE(SECTOR - 2) !== 0xaa55) {
    throw new BifrostError(buildErrors.BOOT_LOADER_UNEXPECTED, { detail: "boot.img is no boot sector" })
  }
  const mbr = Buffer.from(bootImage.subarray(0, DISK_SIGNATURE))
  mbr.writeBigUInt64LE(BigInt(coreSector), KERNEL_SECTOR)
  // 0xff: the drive that the BIOS says it booted from …
  mbr.writeUInt8(0xff, BOOT_DRIVE)
  // … and two NOPs over the jump that would trust a BIOS which says "floppy" for a hard disk.
  mbr.writeUInt16LE(0x9090, DRIVE_CHECK)

  // The core image's own first sector loads the rest: start, length in sectors and segment stand at its end.
  const sectors = Math.ceil(core.length / SECTOR)
  const segment = core.readUInt16LE(BLOCK_LIST + 10)
  const length = core.readUInt16LE(BLOCK_LIST + 8)
  if (segment !== 0x820 || length !== sectors - 1) {
    throw new BifrostError(buildErrors.BOOT_LOADER_UNEXPECTED, {
      detail: `core image with segment 0x${segment.toString(16)} and ${length} sectors`,
      expected: `segment 0x820 and ${sectors - 1} sectors`,
    })
  }
  const placed = Buffer.alloc(sectors * SECTOR)
  core.copy(placed)
  placed.writeBigUInt64LE(BigInt(coreSector + 1), BLOCK_LIST)
  return { mbr, core: placed }
}

/** The prefix and first commands of both boot loaders: find the root by its uuid, then read its menu. */
export function earlyConfig(rootUuid: string): string {
  return `search.fs_uuid ${rootUuid} root\nset prefix=($root)/boot/grub\nconfigfile ($root)/boot/grub/grub.cfg\n`
}

/**
 * The menu. It names the links that Debian keeps pointing at the newest kernel and the one before, so a kernel upgrade needs
 * no boot loader's tools in the system.
 */
export function menu(rootUuid: string, cmdline: string): string {
  const entry = (title: string, suffix: string) => `menuentry "${title}" {
  linux /vmlinuz${suffix} root=UUID=${rootUuid} ${cmdline}
  initrd /initrd.img${suffix}
}
`
  return `set default=0
set timeout=0
search.fs_uuid ${rootUuid} root
${entry("Debian GNU/Linux", "")}${entry("Debian GNU/Linux, kernel before", ".old")}`
}
