import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { ImagesLock } from "./lock.ts"

/** What an image's migrations make of empty databases, as src/build/containers/schema-dump.ts writes it. */
export interface SchemaDump {
  readonly version: 1
  /** Database → SQL statements that bring it there. */
  readonly databases: Readonly<Record<string, string>>
}

/** Image → its dump; undefined for one that has none, such as those that were built elsewhere. */
export type SchemaDumps = (image: string) => Promise<SchemaDump | undefined>

export const noSchemaDumps: SchemaDumps = async () => undefined

/** The dumps that `images push` kept, for the digests of the lock: another image's is never taken for this one's. */
export function readSchemaDumps(folder: string, lock: ImagesLock): SchemaDumps {
  return async (image) => {
    const digest = lock.images[image]?.digest
    if (digest === undefined) return undefined
    const dump = await readFile(join(folder, `${digest}.json`), "utf8").then(JSON.parse, () => undefined)
    return dump?.version === 1 ? dump : undefined
  }
}
