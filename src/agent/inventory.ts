import { networkInterfaces } from "node:os"
import { readDisks } from "./disk/list.ts"
import type { Inventory, InventoryInterface } from "./protocol.ts"
import type { KernelFiles } from "./sysfs.ts"

/** What the machine is, read from sysfs and procfs: no program is run. */
export function readInventory(files: KernelFiles, bootMac?: string): Inventory {
  const interfaces = readInterfaces(files)
  return {
    interfaces,
    cpu: readCpu(files),
    memory: readMemory(files),
    disks: readDisks(files),
    bmc_address: null,
    bmc_mac: null,
    system_vendor: {
      product_name: files.text("sys/class/dmi/id/product_name") ?? "",
      serial_number: files.text("sys/class/dmi/id/product_serial") ?? "",
      manufacturer: files.text("sys/class/dmi/id/sys_vendor") ?? "",
    },
    boot: {
      current_boot_mode: files.list("sys/firmware/efi").length > 0 ? "uefi" : "bios",
      pxe_interface: bootMac ?? null,
    },
    hostname: files.text("proc/sys/kernel/hostname") ?? "",
  }
}

/** Interfaces with hardware behind them (bridges, loopback and tunnels have no `device`). */
export function readInterfaces(files: KernelFiles): InventoryInterface[] {
  const addresses = networkInterfaces()
  return files
    .list("sys/class/net")
    .filter((name) => files.linkName(`sys/class/net/${name}/device`) !== null)
    .map((name) => {
      const at = `sys/class/net/${name}`
      const speed = files.number(`${at}/speed`)
      const address = (family: string) =>
        addresses[name]?.find((each) => each.family === family && !each.address.startsWith("fe80"))?.address ?? null
      return {
        name,
        mac_address: (files.text(`${at}/address`) ?? "").toLowerCase(),
        ipv4_address: address("IPv4"),
        ipv6_address: address("IPv6"),
        has_carrier: files.text(`${at}/carrier`) === "1",
        vendor: files.text(`${at}/device/vendor`),
        product: files.text(`${at}/device/device`),
        driver: files.linkName(`${at}/device/driver`),
        speed_mbps: speed !== null && speed > 0 ? speed : null,
      }
    })
}

function readCpu(files: KernelFiles): Inventory["cpu"] {
  const cpuinfo = files.text("proc/cpuinfo") ?? ""
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, "m").exec(cpuinfo)?.[1]?.trim()
  const sockets = new Set([...cpuinfo.matchAll(/^physical id\s*:\s*(\d+)/gm)].map(([, id]) => id))
  return {
    model_name: field("model name") ?? "",
    count: [...cpuinfo.matchAll(/^processor\s*:/gm)].length,
    sockets: Math.max(1, sockets.size),
    architecture: process.arch === "x64" ? "x86_64" : process.arch === "arm64" ? "aarch64" : process.arch,
    flags: field("flags")?.split(" ") ?? [],
  }
}

function readMemory(files: KernelFiles): Inventory["memory"] {
  const kib = Number(/^MemTotal:\s+(\d+) kB/m.exec(files.text("proc/meminfo") ?? "")?.[1] ?? 0)
  const blocks = files.list("sys/devices/system/memory").filter((name) => /^memory\d+$/.test(name)).length
  const blockBytes = Number.parseInt(files.text("sys/devices/system/memory/block_size_bytes") ?? "0", 16)
  const fitted = blocks * blockBytes || kib * 1024
  return { total: kib * 1024, physical_mb: Math.round(fitted / 1024 ** 2) }
}
