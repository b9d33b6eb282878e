import { accessSync, constants, existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { BifrostError } from "../util/errors.ts"
import { labErrors } from "./errors.ts"
import { uefi } from "./qemu-args.ts"
import type { LabSpec } from "./spec.ts"

/** What a lab runs or reads, and the Debian package that brings it. */
const programs = { ip: "iproute2", nsenter: "util-linux" }
const machinePrograms = { "qemu-system-x86_64": "qemu-system-x86" }
const files = {
  "/usr/share/seabios/bios-256k.bin": "seabios",
  "/usr/lib/ipxe/qemu/pxe-virtio.rom": "ipxe-qemu",
}
const uefiFiles = { [uefi.code]: "ovmf", [uefi.vars]: "ovmf" }

export function requireRoot(): void {
  if (process.geteuid?.() !== 0) throw new BifrostError(labErrors.LAB_NOT_ROOT)
}

/** Throws one error that names all that is missing and the command that brings it. */
export function requireLab(spec: LabSpec): void {
  const machines = spec.machines.length > 0
  const firmware = spec.machines.some((machine) => machine.firmware === "uefi") ? { ...files, ...uefiFiles } : files
  const needed = machines ? firmware : {}
  const missing = [
    ...Object.entries(machines ? { ...programs, ...machinePrograms } : programs).filter(
      ([program]) => !onPath(program),
    ),
    ...Object.entries(needed).filter(([file]) => !existsSync(file)),
  ]
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(([, name]) => name))].join(" ")
    throw new BifrostError(labErrors.LAB_PROGRAMS_MISSING, {
      detail: missing.map(([what]) => what).join(", "),
      remedy: `apt-get install --no-install-recommends ${packages}`,
    })
  }
  if (!existsSync("/dev/net/tun")) {
    throw new BifrostError(labErrors.LAB_PROGRAMS_MISSING, {
      detail: "/dev/net/tun, through which the machines reach their network",
      remedy:
        "modprobe tun; in a container: docker run --device /dev/net/tun --cap-add NET_ADMIN --cap-add SYS_ADMIN …",
    })
  }
}

function onPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
