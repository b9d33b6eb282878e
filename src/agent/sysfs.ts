import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { basename, join } from "node:path"

/** Reads the kernel's files below a root, which is `/` on a real machine and a directory in tests. */
export interface KernelFiles {
  readonly root: string
  /** Trimmed content, or null when absent or unreadable. */
  text(path: string): string | null
  number(path: string): number | null
  bytes(path: string): Buffer | null
  list(path: string): string[]
  /** Last component of what a symbolic link points at. */
  linkName(path: string): string | null
  path(path: string): string
}

export function kernelFiles(root = "/"): KernelFiles {
  const attempt = <T>(read: () => T): T | null => {
    try {
      return read()
    } catch {
      // Absent attributes are ordinary in sysfs, and reading `speed` of a link that is down fails.
      return null
    }
  }
  const path = (name: string) => join(root, name)
  const text = (name: string) => attempt(() => readFileSync(path(name), "utf8").replaceAll("\0", "").trim())
  return {
    root,
    path,
    text,
    number(name) {
      const value = text(name)
      return value === null || value === "" || Number.isNaN(Number(value)) ? null : Number(value)
    },
    bytes: (name) => attempt(() => readFileSync(path(name))),
    list: (name) => attempt(() => readdirSync(path(name)).toSorted()) ?? [],
    linkName: (name) => attempt(() => basename(readlinkSync(path(name)))),
  }
}
