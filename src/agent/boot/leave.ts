import { writeFileSync } from "node:fs"
import { messageOf } from "../../util/errors.ts"
import { run } from "../../util/run.ts"
import type { BootImageResult } from "../protocol.ts"
import type { KernelFiles } from "../sysfs.ts"
import { withSystem } from "./find.ts"

export type Leave = "kexec" | "reset" | "power_off"

/** Loads the installed system's kernel, so that `leave("kexec")` starts it; says why when that is not possible. */
export async function prepareBoot(
  files: KernelFiles,
  disk: string | undefined,
  log: (line: string) => void,
): Promise<BootImageResult> {
  if (disk === undefined) return { method: "reset", message: "no image was written by this agent" }
  try {
    const started = await withSystem(files, disk, log, async ({ entry, kernel, initrds, partition }) => {
      // kexec-tools takes one initrd; the kernel takes several only as one file.
      if (initrds.length > 1) throw new Error(`${entry.title} has ${initrds.length} initrds`)
      const initrd = initrds.map((path) => `--initrd=${path}`)
      // `-a`: the kernel checks signatures and passes on UEFI's tables itself where it can (kexec_file_load).
      await run("kexec", ["-a", "-l", kernel, ...initrd, `--command-line=${entry.cmdline}`])
      return `${entry.title} from ${partition}`
    })
    if (started !== undefined) return { method: "kexec", message: started }
    return { method: "reset", message: `no system that kexec could start was found on ${disk}` }
  } catch (error) {
    return { method: "reset", message: messageOf(error) }
  }
}

/**
 * Ends this system at once. Nothing is mounted from the disk and everything on it was synced when it was written, so
 * no service has to be stopped first.
 */
export async function leave(how: Leave, files: KernelFiles, log: (line: string) => void): Promise<void> {
  if (how === "kexec") {
    try {
      // -x: do not take network interfaces down first; the drivers' shutdown handlers run in any case.
      await run("kexec", ["-e", "-x"])
      return
    } catch (error) {
      // The disk is the machine's boot device by now, so the firmware starts the same system.
      log(`${messageOf(error)}; a reset instead`)
    }
  }
  // The kernel's own request, which needs no init to agree (Documentation/admin-guide/sysrq.rst).
  writeFileSync(files.path("proc/sys/kernel/sysrq"), "1")
  writeFileSync(files.path("proc/sysrq-trigger"), how === "power_off" ? "o" : "b")
}
