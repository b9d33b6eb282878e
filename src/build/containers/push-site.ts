import { readFile } from "node:fs/promises"
import { publishText } from "../publish.ts"
import type { ImageRecipe } from "./catalog.ts"
import { type PushedImages, type PushOptions, pushImages } from "./push.ts"

export interface PushSiteOptions extends PushOptions {
  /** images.lock is written here. */
  readonly lockFile: string
  /** Keep what the lock says of images that are not pushed now. */
  readonly keep: boolean
}

/** Pushes images, and writes the lock that deploys read. */
export async function pushSite(
  recipes: readonly ImageRecipe[],
  { lockFile, keep, ...options }: PushSiteOptions,
): Promise<PushedImages> {
  const before = keep ? await lockedBefore(lockFile) : {}
  const pushed = await pushImages(recipes, options)
  const all: PushedImages = { ...pushed, images: { ...before, ...pushed.images } }
  await publishText(`${JSON.stringify(all, null, 2)}\n`, lockFile)
  return all
}

async function lockedBefore(lockFile: string): Promise<PushedImages["images"]> {
  try {
    return (JSON.parse(await readFile(lockFile, "utf8")) as PushedImages).images
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {}
    throw error
  }
}

/** Whether the lock names each of the images as it would be built now. */
export async function isPushed(recipes: readonly ImageRecipe[], lockFile: string): Promise<boolean> {
  const locked = await lockedBefore(lockFile)
  return recipes.every(({ definition, hash }) => locked[definition.name]?.input === hash)
}
