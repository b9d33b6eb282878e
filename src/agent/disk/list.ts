import { readlinkSync } from "node:fs"
import { basename } from "node:path"
import type { InventoryDisk } from "../protocol.ts"
import type { KernelFiles } from "../sysfs.ts"

/** Block devices that are never a machine's own disk. */
const notDisks = /^(?:loop|ram|zram|sr|fd|dm-|md|nbd|rbd)\d*/
/** sysfs counts in 512-byte sectors whatever the disk's own sector size is. */
const SYSFS_SECTOR = 512

/** The machine's own writable disks with a medium, by name. */
export function readDisks(files: KernelFiles): InventoryDisk[] {
  const byPath = linksByPath(files)
  return files
    .list("sys/block")
    .filter((name) => !notDisks.test(name))
    .filter((name) => files.text(`sys/block/${name}/ro`) !== "1" && files.text(`sys/block/${name}/removable`) !== "1")
    .map((name) => readDisk(files, name, byPath.get(name) ?? null))
    .filter((disk) => disk.size > 0)
}

function readDisk(files: KernelFiles, name: string, byPath: string | null): InventoryDisk {
  const at = `sys/block/${name}`
  return {
    name: `/dev/${name}`,
    by_path: byPath,
    model: files.text(`${at}/device/model`) ?? "",
    vendor: files.text(`${at}/device/vendor`),
    size: (files.number(`${at}/size`) ?? 0) * SYSFS_SECTOR,
    rotational: files.text(`${at}/queue/rotational`) === "1",
    serial: files.text(`${at}/serial`) ?? files.text(`${at}/device/serial`) ?? unitSerial(files, at),
    wwn: wwnOf(files.text(`${at}/wwid`) ?? files.text(`${at}/device/wwid`)),
    hctl: hctlOf(files.linkName(`${at}/device`)),
    logical_sectors: files.number(`${at}/queue/logical_block_size`) ?? SYSFS_SECTOR,
    physical_sectors: files.number(`${at}/queue/physical_block_size`) ?? SYSFS_SECTOR,
  }
}

/** SCSI disks tell their serial in vital product data page 80h (SPC-4 §7.8.13): 4 bytes of header, then ASCII. */
function unitSerial(files: KernelFiles, at: string): string | null {
  const page = files.bytes(`${at}/device/vpd_pg80`)
  return page?.subarray(4).toString("latin1").trim() || null
}

/** `naa.5000c500…` and `eui.0025…` as Ironic writes them: `0x5000c500…`, `eui.0025…`; T10 vendor ids are no WWN. */
function wwnOf(wwid: string | null): string | null {
  if (wwid?.startsWith("naa.")) return `0x${wwid.slice(4)}`
  return wwid?.startsWith("eui.") || wwid?.startsWith("nvme.") ? wwid : null
}

function hctlOf(device: string | null): string | null {
  return device && /^\d+:\d+:\d+:\d+$/.test(device) ? device : null
}

/** Disk name → /dev/disk/by-path link; the directory is there only where udev runs. */
function linksByPath(files: KernelFiles): ReadonlyMap<string, string> {
  const links = files.list("dev/disk/by-path").map((name): [string, string] => {
    const target = readlinkSync(files.path(`dev/disk/by-path/${name}`))
    return [basename(target), `/dev/disk/by-path/${name}`]
  })
  return new Map(links)
}
