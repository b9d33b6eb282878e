import { lstat, readdir, readFile, readlink } from "node:fs/promises"
import { join } from "node:path"
import type { Pack } from "tar-stream"

/** Adds a file or directory to an archive: owned by root, readable by all, in order of name, without times. */
export async function addTree(archive: Pack, path: string, name: string): Promise<void> {
  const stat = await lstat(path)
  const mtime = new Date(0)
  if (stat.isSymbolicLink()) {
    archive.entry({ name, type: "symlink", linkname: await readlink(path), mtime })
  } else if (stat.isDirectory()) {
    archive.entry({ name: `${name}/`, type: "directory", mode: 0o755, mtime })
    for (const entry of (await readdir(path)).sort()) await addTree(archive, join(path, entry), `${name}/${entry}`)
  } else {
    archive.entry({ name, mode: stat.mode & 0o100 ? 0o755 : 0o644, mtime }, await readFile(path))
  }
}
