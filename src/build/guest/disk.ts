import { open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { run } from "../../util/run.ts"
import { embedGrub } from "../os/grub.ts"
import { SECTOR } from "../os/layout.ts"

export interface GuestDiskInput {
  readonly kernel: string
  readonly initrd: string
  readonly cmdline: string
  /** Unpacked packages with GRUB. */
  readonly loaders: string
  readonly image: string
}

const MIB = 2 ** 20 / SECTOR
const bios = { start: MIB, sectors: MIB }
const FIRMWARE_START = 2 * MIB
/** How both loaders find the one partition that holds everything. */
const marker = "/guest.id"

/**
 * A raw disk that boots under BIOS and UEFI: GRUB's core image, and one FAT partition with kernel, initramfs and GRUB for
 * UEFI. No root filesystem; no loop devices or mounts to make it.
 */
export async function makeGuestDisk(input: GuestDiskInput): Promise<void> {
  const work = dirname(input.image)
  const efi = join(input.loaders, "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed")
  const sizes = await Promise.all([input.kernel, input.initrd, efi].map(async (file) => (await stat(file)).size))
  // A FAT takes little for itself; clusters are rounded up.
  const megabytes = Math.ceil(sizes.reduce((sum, size) => sum + size) / 2 ** 20) + 2
  const sectors = FIRMWARE_START + (megabytes + 1) * MIB
  await writeFile(input.image, "")
  await truncate(input.image, sectors * SECTOR)
  await run("sfdisk", ["--quiet", input.image], { input: partitions(megabytes) })

  const menu = join(work, "grub.cfg")
  const found = `search.file ${marker} root\n`
  await writeFile(menu, `${found}linux /vmlinuz ${input.cmdline}\ninitrd /initrd.img\nboot\n`)
  await writePartition(input, efi, menu, megabytes)
  await writeGrub(input, work, found)
  await rm(menu)
}

/** GPT type GUIDs as in src/build/os/layout.ts: BIOS boot, and the ESP. */
function partitions(megabytes: number): string {
  return [
    "label: gpt",
    "unit: sectors",
    `start=${bios.start}, size=${bios.sectors}, type=21686148-6449-6E6F-744E-656564454649, name=bios`,
    `start=${FIRMWARE_START}, size=${megabytes * MIB}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=guest`,
    "",
  ].join("\n")
}

async function writePartition({ kernel, initrd, image }: GuestDiskInput, efi: string, menu: string, megabytes: number) {
  const fat = join(dirname(image), "fat.img")
  await writeFile(fat, "")
  await truncate(fat, megabytes * 2 ** 20)
  await run("mkfs.vfat", ["-n", "GUEST", fat])
  await run("mmd", ["-i", fat, "::EFI", "::EFI/BOOT", "::EFI/debian"])
  // Debian's signed GRUB looks for its menu in EFI/debian, wherever it was started from.
  const files = {
    vmlinuz: kernel,
    "initrd.img": initrd,
    "guest.id": menu,
    "EFI/BOOT/BOOTX64.EFI": efi,
    "EFI/debian/grub.cfg": menu,
  }
  for (const [to, from] of Object.entries(files)) await run("mcopy", ["-i", fat, from, `::${to}`])
  const at = `seek=${(FIRMWARE_START * SECTOR) / 2 ** 20}`
  await run("dd", [`if=${fat}`, `of=${image}`, "bs=1M", at, "conv=notrunc,sparse", "status=none"])
  await rm(fat)
}

const coreModules = ["biosdisk", "part_gpt", "fat", "search_fs_file", "configfile", "normal", "linux", "boot"]

async function writeGrub({ loaders, image }: GuestDiskInput, work: string, found: string): Promise<void> {
  const modules = join(loaders, "usr/lib/grub/i386-pc")
  const core = join(work, "core.img")
  const config = join(work, "early.cfg")
  await writeFile(config, `${found}configfile ($root)/EFI/debian/grub.cfg\n`)
  // The suite's own grub-mkimage, run by the suite's own loader: it and its modules must be of one version.
  await run(join(loaders, "usr/lib64/ld-linux-x86-64.so.2"), [
    ...["--library-path", join(loaders, "usr/lib/x86_64-linux-gnu"), join(loaders, "usr/bin/grub-mkimage")],
    ...["--directory", modules, "--format", "i386-pc", "--output", core, "--config", config],
    ...["--prefix", "(,gpt2)/EFI/debian", ...coreModules],
  ])
  const embedded = embedGrub(await readFile(join(modules, "boot.img")), await readFile(core), bios.start)
  const disk = await open(image, "r+")
  try {
    await disk.write(embedded.mbr, 0, embedded.mbr.length, 0)
    await disk.write(embedded.core, 0, embedded.core.length, bios.start * SECTOR)
  } finally {
    await disk.close()
  }
  await rm(core)
  await rm(config)
}
