import { chmod, lchown, lstat, mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import { inState, type Paths } from "../util/paths.ts"

/** Only read by the service, or none of its business: these stay root's. */
const notHandedOver: readonly ((paths: Paths) => string)[] = [
  inState.lab,
  inState.images,
  inState.boot,
  inState.imagesLock,
  inState.options,
  inState.site,
]

/** Gives the service's user what it writes in the state directory. Files that root made there earlier come along. */
export async function handOver(paths: Paths, user: number): Promise<void> {
  const kept = new Set(notHandedOver.map((place) => place(paths)))
  await mkdir(paths.state, { recursive: true })
  await chmod(paths.state, 0o711)
  await lchown(paths.state, user, user)
  for (const entry of await readdir(paths.state, { withFileTypes: true })) {
    const path = join(paths.state, entry.name)
    if (kept.has(path)) continue
    await lchown(path, user, user)
    if (!entry.isDirectory()) continue
    for (const below of await readdir(path, { recursive: true })) await lchown(join(path, below), user, user)
  }
  await openToGroup(inState.site(paths), user)
}

/**
 * The operator's own files: theirs to write, the service's to read by its group, which what is made there later inherits
 * (setgid). Nobody else's, as an override may be a keyring.
 */
async function openToGroup(path: string, group: number): Promise<void> {
  await mkdir(path, { recursive: true })
  await chmod(path, 0o2750)
  const entries = await readdir(path, { withFileTypes: true, recursive: true })
  for (const each of [path, ...entries.map(({ parentPath, name }) => join(parentPath, name))]) {
    const seen = await lstat(each)
    await lchown(each, seen.uid, group)
    // Changing the group takes setgid away from folders. A link's own mode means nothing, and its target is not ours.
    if (seen.isDirectory()) await chmod(each, 0o2750)
    else if (seen.isFile()) await chmod(each, (seen.mode & 0o700) | 0o040)
  }
}
