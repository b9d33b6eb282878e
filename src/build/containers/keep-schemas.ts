import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type Docker from "dockerode"
import type { Cache } from "../cache.ts"
import { publishText } from "../publish.ts"
import type { ImageRecipe } from "./catalog.ts"
import { dumpOf, migrate, ownDatabases, type SchemaDump } from "./schema-dump.ts"
import { type ScratchDatabase, startScratchDatabase } from "./scratch-database.ts"
import type { Recipes } from "./select.ts"

export interface KeepSchemasOptions {
  readonly docker: Docker
  readonly cache: Cache
  /** `FOLDER/sha256:….json` is where deploys look. */
  readonly folder: string
  /** Digest of an image in the registry, by its name. */
  readonly digestOf: (image: string) => string | undefined
  readonly signal: AbortSignal
  /** An image's dump was made, not found. */
  readonly onMade?: (image: string, seconds: number) => void
}

/** The file of a dump in its entry of the cache. */
const file = "schema.json"
const format = 1

/**
 * Keeps, by their digests, what the migrations in images make of empty databases. Images of the same inputs migrate once on this
 * machine, several at a time, in one MariaDB that is gone afterwards.
 */
export async function keepSchemas(recipes: readonly ImageRecipe[], all: Recipes, options: KeepSchemasOptions) {
  const { docker, cache, signal } = options
  const mariadb = all.get("mariadb")!
  let started: Promise<ScratchDatabase> | undefined
  const server = () => {
    started ??= startScratchDatabase(docker, mariadb.reference)
    return started
  }
  const dumps = new Map<string, Promise<SchemaDump>>()
  const dumpFor = (recipe: ImageRecipe): Promise<SchemaDump> => {
    const { name, migrates } = recipe.definition
    const made = dumps.get(name) ?? obtain(recipe, migrates?.after === undefined ? undefined : all.get(migrates.after))
    dumps.set(name, made)
    return made
  }
  const obtain = async (recipe: ImageRecipe, before: ImageRecipe | undefined): Promise<SchemaDump> => {
    const { name, migrates } = recipe.definition
    const { dir, cached, seconds } = await cache.obtain({
      kind: "schemas",
      name,
      inputs: { image: recipe.hash, mariadb: mariadb.hash, format },
      needs: 10e6,
      async build(made) {
        const others = before && (await dumpFor(before))
        const database = await server()
        const own = ownDatabases(migrates!, before?.definition.migrates)
        for (const each of own) await database.create(each)
        if (others) await provide(database, others)
        await migrate(recipe, { docker, database, signal })
        await writeFile(join(made, file), `${JSON.stringify(await dumpOf(database, own))}\n`)
      },
    })
    if (!cached) options.onMade?.(name, seconds)
    return JSON.parse(await readFile(join(dir, file), "utf8"))
  }
  try {
    const migrating = recipes.filter(({ definition }) => definition.migrates)
    const results = await Promise.allSettled(
      migrating.map(async (recipe) => {
        const digest = options.digestOf(recipe.definition.name)
        if (digest === undefined) return
        await publishText(`${JSON.stringify(await dumpFor(recipe))}\n`, join(options.folder, `${digest}.json`))
      }),
    )
    for (const result of results) if (result.status === "rejected") throw result.reason
  } finally {
    await (await started)?.stop()
  }
}

/** Databases of another image, whether they were migrated in this server or are only known from a dump. */
async function provide(database: ScratchDatabase, { databases }: SchemaDump): Promise<void> {
  for (const [name, statements] of Object.entries(databases)) {
    if ((await database.run("mysql", `SHOW DATABASES LIKE '${name}';`)) !== "") continue
    await database.create(name)
    await database.run(name, statements)
  }
}
