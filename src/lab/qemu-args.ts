import type { Accelerator } from "./accelerator.ts"
import type { BootOrder } from "./boot-order.ts"
import type { MachineLayout } from "./layout.ts"
import { externalTap } from "./namespace.ts"
import { externalMac, type MachineSpec } from "./spec.ts"

/** ids that QMP's qom-set names; see boot-order.ts. */
export const deviceIds = { disk: "disk0", net: "net0" } as const

/** Firmware as Debian lays it down (packages ovmf, seabios). */
export const uefi = { code: "/usr/share/OVMF/OVMF_CODE_4M.fd", vars: "/usr/share/OVMF/OVMF_VARS_4M.fd" } as const

/** QEMU's argument list (without the program) for one machine: a server with a disk, a card and a serial port. */
export function qemuArgs(
  machine: MachineSpec,
  layout: MachineLayout,
  tap: string,
  accelerator: Accelerator,
  order: BootOrder,
): string[] {
  const index = (device: keyof typeof deviceIds) => order.indexOf(device) + 1
  return [
    // No VGA: SeaBIOS and option ROMs then mirror their text to the serial port (fw_cfg etc/sercon-port).
    ...["-machine", "q35,graphics=off", "-nodefaults", "-no-user-config", "-display", "none"],
    ...acceleratorArgs[accelerator],
    ...["-name", machine.name, "-uuid", machine.uuid],
    ...["-smp", String(machine.cpus), "-m", String(machine.memoryMb), "-rtc", "base=utc"],
    ...["-smbios", `type=1,manufacturer=bifrost-ts,product=lab,serial=${serialOf(machine)},uuid=${machine.uuid}`],
    ...(machine.firmware === "uefi" ? pflash(layout) : []),
    // A server that finds nothing to boot tries again; SeaBIOS would halt.
    ...["-boot", "strict=on,reboot-timeout=5000"],
    // The host's page cache outlives QEMU, so flushes protect nothing here: a power cut is the death of QEMU alone.
    ...["-blockdev", `driver=file,node-name=file0,filename=${quoted(layout.disk)},discard=unmap,cache.no-flush=on`],
    ...["-blockdev", "driver=raw,node-name=raw0,file=file0,discard=unmap,detect-zeroes=unmap,cache.no-flush=on"],
    ...[
      "-device",
      `virtio-blk-pci,id=${deviceIds.disk},drive=raw0,serial=${serialOf(machine)},bootindex=${index("disk")}`,
    ],
    ...["-netdev", `tap,id=tap0,ifname=${tap},script=no,downscript=no`],
    ...[
      "-device",
      `virtio-net-pci,id=${deviceIds.net},netdev=tap0,mac=${machine.mac},bootindex=${index("net")}${rom(machine)}`,
    ],
    ...(machine.external ? externalCard(machine, tap) : []),
    ...["-device", "virtio-rng-pci"],
    ...[
      "-chardev",
      `socket,id=serial0,path=${quoted(layout.serial)},server=on,wait=off,logfile=${quoted(layout.consoleLog)},logappend=on`,
    ],
    ...["-serial", "chardev:serial0"],
    ...["-qmp", `unix:${quoted(layout.qmp)},server=on,wait=off`],
  ]
}

const acceleratorArgs: Record<Accelerator, readonly string[]> = {
  kvm: ["-accel", "kvm", "-cpu", "host"],
  tcg: ["-accel", "tcg,thread=multi", "-cpu", "max"],
}

/** As the guest's udev and dmidecode see it; virtio-blk cuts serials after 20 bytes. */
export function serialOf(machine: Pick<MachineSpec, "uuid">): string {
  return machine.uuid.replaceAll("-", "").slice(0, 12).toUpperCase()
}

/** Under UEFI an empty ROM leaves OVMF's own PXE client, the kind of client that real UEFI servers have. */
function rom(machine: MachineSpec): string {
  return machine.firmware === "uefi" ? ",romfile=" : ""
}

/** Last on the bus at a slot of its own, so that systemd calls it enp0s16 in every machine; nobody boots from it. */
function externalCard(machine: MachineSpec, tap: string): string[] {
  return [
    ...["-netdev", `tap,id=tap1,ifname=${externalTap(tap)},script=no,downscript=no`],
    ...["-device", `virtio-net-pci,netdev=tap1,mac=${externalMac(machine)},addr=0x10,romfile=`],
  ]
}

function pflash(layout: MachineLayout): string[] {
  return [
    ...["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${uefi.code}`],
    ...["-drive", `if=pflash,unit=1,format=raw,file=${quoted(layout.vars)}`],
  ]
}

/** A comma ends a value in QEMU's option lists; two stand for one. */
function quoted(path: string): string {
  return path.replaceAll(",", ",,")
}
