import { accessSync, constants, existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { BifrostError } from "../util/errors.ts"
import { labErrors } from "./errors.ts"
import { uefi } from "./qemu-args.ts"
import type { LabSpec } from "./spec.ts"

/** What a lab runs or reads, and the Debian package that brings it. */
const programs = { ip: "iproute2", nsenter: "util-linux" }
const machinePrograms = { "qemu-system-x86_64": "qemu-system-x86" }

interface RequiredFile {
  /** It is there when one of these is: releases of Debian differ in where. */
  readonly paths: readonly string[]
  readonly package: string
}

const files: readonly RequiredFile[] = [
  { paths: ["/usr/share/seabios/bios-256k.bin"], package: "seabios" },
  // Debian 13's place, then Debian 12's. QEMU looks in both.
  { paths: ["/usr/share/qemu/pxe-virtio.rom", "/usr/lib/ipxe/qemu/pxe-virtio.rom"], package: "ipxe-qemu" },
]
const uefiFiles: readonly RequiredFile[] = [uefi.code, uefi.vars].map((path) => ({ paths: [path], package: "ovmf" }))

export function requireRoot(): void {
  if (process.geteuid?.() !== 0) throw new BifrostError(labErrors.LAB_NOT_ROOT)
}

/** Throws one error that names all that is missing and the command that brings it. */
export function requireLab(spec: LabSpec): void {
  const machines = spec.machines.length > 0
  const firmware = spec.machines.some((machine) => machine.firmware === "uefi") ? [...files, ...uefiFiles] : files
  const needed = machines ? firmware : []
  const missing = [
    ...Object.entries(machines ? { ...programs, ...machinePrograms } : programs).filter(
      ([program]) => !onPath(program),
    ),
    ...needed
      .filter(({ paths }) => !paths.some((path) => existsSync(path)))
      .map(({ paths, package: name }) => [paths[0]!, name] as const),
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
