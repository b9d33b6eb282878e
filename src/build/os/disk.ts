import { randomUUID } from "node:crypto"
import { mkdir, open, readFile, rm, truncate, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { run } from "../../util/run.ts"
import { earlyConfig, embedGrub, menu } from "./grub.ts"
import { type Extent, layOut, ROOT_PARTITION, SECTOR, sfdiskScript } from "./layout.ts"

export interface DiskInput {
  /** The root filesystem's directory. Its fstab and boot menu are written here. */
  readonly root: string
  /** Unpacked packages with GRUB and shim. */
  readonly loaders: string
  readonly cmdline: string
  readonly slack: number
  /** A directory for what comes in between. */
  readonly work: string
  readonly image: string
}

/**
 * Makes a raw disk image that boots under BIOS and UEFI, without loop devices, mounts or partition nodes: every part is
 * made as a file or written at its offset.
 */
export async function makeDisk(input: DiskInput): Promise<void> {
  const uuid = randomUUID()
  await mkdir(join(input.root, "boot/grub"), { recursive: true })
  await writeFile(join(input.root, "boot/grub/grub.cfg"), menu(uuid, input.cmdline))
  await writeFile(join(input.root, "etc/fstab"), `UUID=${uuid} / ext4 errors=remount-ro 0 1\n`)

  const layout = layOut(await filesystemSize(input.root, input.slack))
  await writeFile(input.image, "")
  await truncate(input.image, layout.sectors * SECTOR)
  await run("sfdisk", ["--quiet", input.image], { input: sfdiskScript(layout) })
  await writeRoot(input, layout.root, uuid)
  await writeEsp(input, layout.esp, uuid)
  await writeGrub(input, layout.bios, uuid)
}

/** Bytes for the files, ext4's own tables (1/64 inodes, journal) and the slack. */
async function filesystemSize(root: string, slack: number): Promise<number> {
  const { stdout } = await run("du", ["--summarize", "--one-file-system", "--block-size=1", root])
  return Math.ceil(Number(stdout.split("\t")[0]) * 1.03 + 100e6 + slack)
}

/**
 * Features: no orphan_file and metadata_csum_seed, which GRUB learnt later than some hosts' mke2fs. The journal is as large
 * as a grown filesystem wants it.
 */
async function writeRoot(input: DiskInput, at: Extent, uuid: string): Promise<void> {
  await run("mke2fs", [
    ...["-q", "-F", "-t", "ext4", "-L", "root", "-U", uuid, "-m", "1", "-J", "size=64"],
    ...["-O", "^metadata_csum_seed,^orphan_file", "-E", `offset=${at.start * SECTOR},lazy_itable_init=1,nodiscard`],
    ...["-d", input.root, input.image, `${(at.sectors * SECTOR) / 1024}k`],
  ])
}

/** Debian's signed shim and GRUB at the path that firmware tries without a boot entry, so that Secure Boot may stay on. */
async function writeEsp(input: DiskInput, at: Extent, uuid: string): Promise<void> {
  const esp = join(input.work, "esp.img")
  const config = join(input.work, "grub.cfg")
  await writeFile(esp, "")
  await truncate(esp, at.sectors * SECTOR)
  await writeFile(config, earlyConfig(uuid))
  await run("mkfs.vfat", ["-F", "32", "-n", "ESP", esp])
  await run("mmd", ["-i", esp, "::EFI", "::EFI/BOOT", "::EFI/debian"])
  const files = {
    "EFI/BOOT/BOOTX64.EFI": join(input.loaders, "usr/lib/shim/shimx64.efi.signed"),
    "EFI/BOOT/mmx64.efi": join(input.loaders, "usr/lib/shim/mmx64.efi.signed"),
    "EFI/BOOT/grubx64.efi": join(input.loaders, "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"),
    "EFI/debian/grub.cfg": config,
  }
  for (const [to, from] of Object.entries(files)) await run("mcopy", ["-i", esp, from, `::${to}`])
  await run("dd", [
    `if=${esp}`,
    `of=${input.image}`,
    "bs=1M",
    `seek=${(at.start * SECTOR) / 1048576}`,
    "conv=notrunc,sparse",
  ])
  await rm(esp)
  await rm(config)
}

/** All that the menu needs is inside the core image: no module is looked up on the disk. */
const coreModules = ["biosdisk", "part_gpt", "ext2", "search_fs_uuid", "configfile", "normal", "linux", "echo", "test"]

async function writeGrub(input: DiskInput, at: Extent, uuid: string): Promise<void> {
  const modules = join(input.loaders, "usr/lib/grub/i386-pc")
  const core = join(input.work, "core.img")
  const config = join(input.work, "early.cfg")
  await writeFile(config, earlyConfig(uuid))
  // The suite's own grub-mkimage, run by the suite's own loader: it and its modules must be of one version.
  await run(join(input.loaders, "usr/lib64/ld-linux-x86-64.so.2"), [
    ...["--library-path", join(input.loaders, "usr/lib/x86_64-linux-gnu"), join(input.loaders, "usr/bin/grub-mkimage")],
    ...["--directory", modules, "--format", "i386-pc", "--output", core, "--config", config],
    ...["--prefix", `(,gpt${ROOT_PARTITION})/boot/grub`, ...coreModules],
  ])
  const embedded = embedGrub(await readFile(join(modules, "boot.img")), await readFile(core), at.start)
  const disk = await open(input.image, "r+")
  try {
    await disk.write(embedded.mbr, 0, embedded.mbr.length, 0)
    await disk.write(embedded.core, 0, embedded.core.length, at.start * SECTOR)
  } finally {
    await disk.close()
  }
  await rm(core)
  await rm(config)
}
