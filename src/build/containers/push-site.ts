import { mkdir, rename, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import Docker from "dockerode"
import { recipesOf } from "./kind.ts"
import { type PushedImages, pushImages } from "./push.ts"

export interface PushSiteOptions {
  /** host:port as the engine reaches it; 127.0.0.0/8 needs no TLS. */
  readonly registry: string
  /** images.lock is written here. */
  readonly lockFile: string
  readonly signal?: AbortSignal
  readonly onPushed?: (image: string, digest: string) => void
}

/** Pushes every image that services run, and writes the lock that deploys read. */
export async function pushSite({ lockFile, ...options }: PushSiteOptions): Promise<PushedImages> {
  const recipes = (await recipesOf([])).filter(({ definition }) => definition.user)
  const pushed = await pushImages(recipes, { docker: new Docker(), ...options })
  await mkdir(dirname(lockFile), { recursive: true })
  await writeFile(`${lockFile}.new`, `${JSON.stringify(pushed, null, 2)}\n`)
  await rename(`${lockFile}.new`, lockFile)
  return pushed
}
