import { chmod, lchown, mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import { inState, type Paths } from "../util/paths.ts"

/** Only read by the service, or none of its business: these stay root's. */
const notHandedOver: readonly ((paths: Paths) => string)[] = [
  inState.lab,
  inState.images,
  inState.boot,
  inState.imagesLock,
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
}
