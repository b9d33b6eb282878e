import type { Stats } from "node:fs"
import { constants, type FileHandle, open, readlink, realpath } from "node:fs/promises"
import { sep } from "node:path"

export interface TftpFile {
  /** Bytes. */
  readonly size: number
  /** Up to `length` bytes from `offset`; fewer only at the end. */
  read(offset: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/** Where the files come from. Undefined: there is none of that name, or none that may be read. */
export interface TftpSource {
  open(path: string): Promise<TftpFile | undefined>
}

export function folderSource(root: string): TftpSource {
  return {
    async open(path) {
      const found = await openBelow(root, path)
      return found && fileOf(found.handle, found.stat.size)
    },
  }
}

/**
 * Opens a regular file below `root`, or gives undefined. A symbolic link may lead from one to another of them, never out
 * of the folder. The caller closes the handle.
 */
export async function openBelow(root: string, path: string): Promise<{ handle: FileHandle; stat: Stats } | undefined> {
  const relative = safeRelativePath(path)
  if (relative === undefined) return undefined
  let handle: FileHandle | undefined
  try {
    // Not blocking: opening a FIFO would hang for good.
    handle = await open(`${root}/${relative}`, constants.O_RDONLY | constants.O_NONBLOCK)
    // Where the open file really is, not where its name pointed a moment ago.
    const [place, base] = await Promise.all([readlink(`/proc/self/fd/${handle.fd}`), realpath(root)])
    const stat = await handle.stat()
    if (stat.isFile() && place.startsWith(base + sep)) return { handle, stat }
  } catch (error) {
    if (!isAbsence(error)) {
      await handle?.close()
      throw error
    }
  }
  await handle?.close()
  return undefined
}

/** A file that stands in memory. */
export function memoryFile(content: string | Uint8Array): TftpFile {
  const bytes = Buffer.from(content)
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    close: async () => {},
  }
}

/**
 * The path as asked for, without leading slashes, with "/" for the "\" of some UEFI firmware and without empty or "."
 * parts; undefined where it holds ".." or a control character.
 */
export function safeRelativePath(path: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(path)) return undefined
  const parts = path.split(/[/\\]+/).filter((part) => part !== "" && part !== ".")
  if (parts.length === 0 || parts.includes("..")) return undefined
  return parts.join("/")
}

function fileOf(handle: FileHandle, size: number): TftpFile {
  return {
    size,
    async read(offset, length) {
      const buffer = Buffer.alloc(Math.min(length, Math.max(size - offset, 0)))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset)
      return buffer.subarray(0, bytesRead)
    },
    close: () => handle.close(),
  }
}

const absences = new Set(["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG", "EISDIR", "ENXIO"])

function isAbsence(error: unknown): boolean {
  return absences.has((error as NodeJS.ErrnoException).code ?? "")
}
