import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { ImagesLock } from "../lock.ts"

/** What an image's services know, as src/build/containers/option_names.py prints it. Dashes are underscores. */
export interface OptionList {
  /** Section → options. */
  readonly options: Readonly<Record<string, readonly string[]>>
  /** `auth_type` → the options that this plugin of keystoneauth adds to the section that names it. */
  readonly auth: Readonly<Record<string, readonly string[]>>
}

export type OptionLists = (image: string) => OptionList | undefined

/** The lists that `images push` kept, for the digests of the lock. An image without one is not checked. */
export async function readOptionLists(folder: string, lock: ImagesLock): Promise<OptionLists> {
  const lists = new Map<string, OptionList>()
  for (const [image, { digest }] of Object.entries(lock.images)) {
    const list = await readFile(join(folder, `${digest}.json`), "utf8").then(JSON.parse, () => undefined)
    if (list?.options) lists.set(image, list)
  }
  return (image) => lists.get(image)
}
