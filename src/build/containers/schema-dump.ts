import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import type Docker from "dockerode"
import { BifrostError } from "../../util/errors.ts"
import type { ImageRecipe } from "./catalog.ts"
import type { Migrations } from "./definition.ts"
import { containerBuildErrors } from "./errors.ts"
import { runContainer } from "./run-container.ts"
import type { ScratchDatabase } from "./scratch-database.ts"

/** What an image's migrations make of empty databases; src/deploy/schema-dumps.ts reads it. */
export interface SchemaDump {
  readonly version: 1
  /** Database → SQL statements. */
  readonly databases: Readonly<Record<string, string>>
}

export interface MigrateOptions {
  readonly docker: Docker
  readonly database: ScratchDatabase
  readonly signal: AbortSignal
}

/** Databases that an image's migrations bring to their schema, without those that are another's. */
export function ownDatabases({ databases }: Migrations, after: Migrations | undefined): string[] {
  const others = Object.values(after?.databases ?? {})
  return Object.values(databases).filter((name) => !others.includes(name))
}

/** Starts the image as a deployment does to bring its databases, which are there and empty, to its schema. */
export async function migrate(recipe: ImageRecipe, { docker, database, signal }: MigrateOptions): Promise<void> {
  const { name, migrates } = recipe.definition
  const folder = await mkdtemp(join(tmpdir(), "bifrost-schema-"))
  const lines: string[] = []
  try {
    await writeFiles(folder, migrates!, recipe.runsAs ?? "root", database)
    const code = await runContainer(docker, {
      image: recipe.reference,
      asImage: true,
      command: ["kolla_start"],
      environment: ["KOLLA_CONFIG_STRATEGY=COPY_ALWAYS", "KOLLA_BOOTSTRAP="],
      binds: [`${folder}:/var/lib/kolla/config_files:ro`],
      network: database.network,
      signal,
      onLine: (line) => void lines.push(line),
    })
    if (code === 0) return
    const detail = [name, ...lines.slice(-15), `exit ${code}`].join("\n")
    throw new BifrostError(containerBuildErrors.MIGRATION_FAILED, { detail })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function dumpOf(database: ScratchDatabase, names: readonly string[]): Promise<SchemaDump> {
  const dumped = names.map(async (name) => [name, await database.dump(name)] as const)
  return { version: 1, databases: Object.fromEntries(await Promise.all(dumped)) }
}

/** Kolla's start contract: config.json, and the one file that the migrations have to read. */
async function writeFiles(folder: string, { config, databases }: Migrations, owner: string, database: ScratchDatabase) {
  const name = basename(config)
  const source = `/var/lib/kolla/config_files/${name}`
  const contract = { command: "true", config_files: [{ source, dest: config, owner, perm: "0600" }] }
  const sections = Object.entries(databases).map(
    ([section, each]) => `[${section}]\nconnection = ${database.url(each)}\n`,
  )
  await writeFile(join(folder, "config.json"), `${JSON.stringify(contract)}\n`)
  await writeFile(join(folder, name), sections.join("\n"))
}
