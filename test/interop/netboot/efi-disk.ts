import { execFileSync } from "node:child_process"
import { truncateSync, writeFileSync } from "node:fs"

const MIB = 2 ** 20

/** A disk as an installed system leaves it for firmware: GPT, and the loader at the path that needs no boot entry. */
export function makeEfiDisk(file: string, loader: Uint8Array): void {
  const run = (command: string, args: string[], input?: string) =>
    void execFileSync(command, args, { input, stdio: ["pipe", "ignore", "pipe"] })
  const program = `${file}.efi`
  writeFileSync(program, loader)
  writeFileSync(file, "")
  truncateSync(file, 8 * MIB)
  run("sfdisk", ["--quiet", file], "label: gpt\nstart=1MiB, size=6MiB, type=uefi\n")
  run("mkfs.vfat", ["--offset", String(MIB / 512), file, String((6 * MIB) / 1024)])
  const partition = `${file}@@1M`
  run("mmd", ["-i", partition, "::EFI", "::EFI/BOOT"])
  run("mcopy", ["-i", partition, program, "::EFI/BOOT/BOOTX64.EFI"])
}
