import type { Pack } from "tar-stream"
import { pack } from "tar-stream"

/** A file that the build lays into the image, owned by root. */
export interface RootFile {
  /** Absolute, in the image. */
  readonly path: string
  /** Octal. */
  readonly mode: string
  readonly content: Buffer
}

/** Directories outside /usr that are root's with mode 0755 in every image. */
const plain = new Set(["etc", "etc/sudoers.d", "var", "var/lib"])

/**
 * The archive that the Dockerfile's `ADD rootfs.tar /` unpacks. COPY would stamp each directory that it writes into with the
 * time of the build; here the archive itself says their times, so that the layer follows from its content alone. A directory
 * that may belong to a service's user is left out, since unpacking would give it to root.
 */
export function packRootfs(files: readonly RootFile[]): Pack {
  const tar = pack()
  const mtime = new Date(0)
  for (const name of directoriesOf(files)) tar.entry({ name: `${name}/`, type: "directory", mode: 0o755, mtime })
  for (const { path, mode, content } of sorted(files)) {
    tar.entry({ name: path.slice(1), mode: Number.parseInt(mode, 8), mtime }, content)
  }
  tar.finalize()
  return tar
}

function directoriesOf(files: readonly RootFile[]): string[] {
  const directories = new Set<string>()
  for (const { path } of files) {
    const parts = path.slice(1).split("/").slice(0, -1)
    for (let length = 1; length <= parts.length; length++) directories.add(parts.slice(0, length).join("/"))
  }
  return [...directories].filter((name) => /^usr(\/|$)/.test(name) || plain.has(name)).sort()
}

export const sorted = (files: readonly RootFile[]) => [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
