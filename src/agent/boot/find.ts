import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join, relative } from "node:path"
import { messageOf } from "../../util/errors.ts"
import { run } from "../../util/run.ts"
import type { KernelFiles } from "../sysfs.ts"
import { fileSystemOf } from "./file-system.ts"
import { type BootEntry, defaultBlsEntry, defaultGrubEntry, parseGrubEnvironment } from "./grub.ts"

/** An entry with its files as paths on this machine, and the mount that they are under. */
export interface FoundSystem {
  readonly entry: BootEntry
  readonly partition: string
  readonly kernel: string
  readonly initrds: readonly string[]
}

/** Where distributions keep what we read, on a root partition and on a separate /boot. */
const GRUB = ["boot/grub/grub.cfg", "boot/grub2/grub.cfg", "grub/grub.cfg", "grub2/grub.cfg"]
const LOADER = ["boot/loader/entries", "loader/entries"]
/**
 * Mounts the disk's partitions one by one, read only, and gives the first that says how its system is started to
 * `use`. Unmounts in any case. Undefined when none does.
 */
export async function withSystem<T>(
  files: KernelFiles,
  disk: string,
  log: (line: string) => void,
  use: (system: FoundSystem) => Promise<T>,
): Promise<T | undefined> {
  for (const partition of partitionsOf(files, disk)) {
    const at = mkdtempSync(join(tmpdir(), "system-"))
    try {
      if (!(await mount(files.path(partition), at))) continue
      try {
        const system = findSystem(at, partition)
        if (system) return await use(system)
      } finally {
        await run("umount", [at])
      }
    } catch (error) {
      log(`${partition}: ${messageOf(error)}`)
    } finally {
      rmdirSync(at)
    }
  }
  return undefined
}

export function partitionsOf(files: KernelFiles, disk: string): string[] {
  const name = basename(disk)
  return files
    .list(`sys/block/${name}`)
    .filter((entry) => files.text(`sys/block/${name}/${entry}/partition`) !== null)
    .map((entry) => `/dev/${entry}`)
}

/** False when there is no file system that a system is started from, or the kernel does not want it. */
async function mount(device: string, at: string): Promise<boolean> {
  const found = await fileSystemOf(device)
  if (!found) return false
  const { code } = await run("mount", ["-t", found.type, "-o", found.options, device, at], { accept: [1, 32, 255] })
  return code === 0
}

/** Looks below a mounted partition. GRUB's paths begin at the partition's root, whether that is `/` or `/boot`. */
export function findSystem(root: string, partition: string): FoundSystem | undefined {
  const environment = parseGrubEnvironment(
    firstText(root, [...GRUB.map((path) => path.replace("grub.cfg", "grubenv"))]) ?? "",
  )
  const entry = blsEntry(root, environment) ?? grubEntry(root, environment)
  if (!entry) return undefined
  const place = (path: string) => inside(root, [path, join("boot", path)])
  const kernel = place(entry.kernel)
  const initrds = entry.initrds.map(place)
  if (kernel === undefined || initrds.some((path) => path === undefined)) return undefined
  return { entry, partition, kernel, initrds: initrds as string[] }
}

function grubEntry(root: string, environment: ReadonlyMap<string, string>): BootEntry | undefined {
  const text = firstText(root, GRUB)
  return text === undefined ? undefined : defaultGrubEntry(text, environment)
}

function blsEntry(root: string, environment: ReadonlyMap<string, string>): BootEntry | undefined {
  const directory = inside(root, LOADER, "isDirectory")
  if (directory === undefined) return undefined
  const names = readdirSync(directory).filter((name) => name.endsWith(".conf"))
  const texts = names.map((name): [string, string] => [
    name.slice(0, -".conf".length),
    firstText(root, [join(relative(root, directory), name)]) ?? "",
  ])
  return defaultBlsEntry(new Map(texts), environment)
}

function firstText(root: string, paths: readonly string[]): string | undefined {
  const path = inside(root, paths)
  return path === undefined ? undefined : readFileSync(path, "utf8")
}

/**
 * The first file below the root among the paths, with links followed as the installed system would follow them. What is
 * neither file nor directory is none: a named pipe would be waited on for good.
 */
function inside(root: string, paths: readonly string[], kind: "isFile" | "isDirectory" = "isFile"): string | undefined {
  for (const path of paths) {
    const real = resolveBelow(root, path)
    if (real !== undefined && lstatSync(real)[kind]()) return real
  }
  return undefined
}

/** As many links as Linux follows (path_resolution(7)). */
const LINKS = 40

/** An absolute link begins at `root` again, and `..` does not leave it. */
function resolveBelow(root: string, path: string): string | undefined {
  const waiting = path.split("/")
  let at: string[] = []
  for (let links = 0; waiting.length > 0; ) {
    const name = waiting.shift()!
    if (name === "" || name === ".") continue
    if (name === "..") {
      at.pop()
      continue
    }
    const stat = lstatSync(join(root, ...at, name), { throwIfNoEntry: false })
    if (!stat) return undefined
    if (!stat.isSymbolicLink()) {
      at.push(name)
      continue
    }
    if (++links > LINKS) return undefined
    const target = readlinkSync(join(root, ...at, name))
    if (target.startsWith("/")) at = []
    waiting.unshift(...target.split("/"))
  }
  return join(root, ...at)
}
