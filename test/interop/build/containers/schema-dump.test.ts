import Docker from "dockerode"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { services } from "../../../../services/index.ts"
import { buildImages, requireBuilt } from "../../../../src/build/containers/build.ts"
import { type ImageRecipe, loadImages } from "../../../../src/build/containers/catalog.ts"
import { dumpOf, migrate, ownDatabases, type SchemaDump } from "../../../../src/build/containers/schema-dump.ts"
import { type ScratchDatabase, startScratchDatabase } from "../../../../src/build/containers/scratch-database.ts"
import { selectImages } from "../../../../src/build/containers/select.ts"
import { loadStatements } from "../../../../src/deploy/schema.ts"
import { systemClock as clock } from "../../../../src/util/clock.ts"

const docker = new Docker()
const { signal } = new AbortController()
const tasks = services.flatMap(({ tasks: all = [] }) => all.filter(({ migrates }) => migrates))
const images = tasks.map(({ image }) => image)
let all: ReadonlyMap<string, ImageRecipe>
let database: ScratchDatabase
/** What each image's migrations made of empty databases, this time. */
const dumps = new Map<string, SchemaDump>()

/** What information_schema says of a database: its table → the columns that do not name the database itself. */
const facts = {
  tables: "table_name, table_type, engine, table_collation",
  columns:
    "table_name, column_name, ordinal_position, column_default, is_nullable, column_type, collation_name, column_key, extra, generation_expression",
  statistics: "table_name, index_name, non_unique, seq_in_index, column_name, sub_part, index_type",
  table_constraints: "table_name, constraint_name, constraint_type",
  referential_constraints: "table_name, constraint_name, referenced_table_name, update_rule, delete_rule",
  key_column_usage: "table_name, constraint_name, column_name, referenced_column_name",
  check_constraints: "table_name, constraint_name, check_clause",
  triggers: "trigger_name, event_manipulation, action_statement",
  routines: "routine_name, routine_type, routine_definition",
  events: "event_name, event_definition",
}
const schemaColumn: Readonly<Record<string, string>> = {
  referential_constraints: "constraint_schema",
  check_constraints: "constraint_schema",
  triggers: "trigger_schema",
  routines: "routine_schema",
  events: "event_schema",
}
async function described(name: string): Promise<string[]> {
  const questions = Object.entries(facts).map(
    ([table, columns]) =>
      `SELECT '${table}', ${columns} FROM ${table} WHERE ${schemaColumn[table] ?? "table_schema"} = '${name}';`,
  )
  return (await database.run("information_schema", questions.join("\n"))).split("\n").sort()
}

/** A dump's statements and rows, which follow in the order of ids that are made up anew each time. */
const linesOf = (dump: string) =>
  dump
    .replace(/'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'/g, "a uuid")
    .split("\n")
    .map((line) => line.replace(/[,;]$/, ""))
    .sort()

beforeAll(async () => {
  all = await loadImages(new URL("../../../../images", import.meta.url).pathname)
  requireBuilt(await buildImages(selectImages(all, ["mariadb", ...images]), { docker, clock }))
  database = await startScratchDatabase(docker, all.get("mariadb")!.reference)
  const own = (image: string) => {
    const { migrates } = all.get(image)!.definition
    return ownDatabases(
      migrates!,
      migrates?.after === undefined ? undefined : all.get(migrates.after)?.definition.migrates,
    )
  }
  const run = async (image: string) => {
    for (const name of own(image)) await database.create(name)
    await migrate(all.get(image)!, { docker, database, signal })
    dumps.set(image, await dumpOf(database, own(image)))
  }
  const first = (image: string) => all.get(image)!.definition.migrates?.after === undefined
  await Promise.all(images.filter(first).map(run))
  await Promise.all(images.filter((image) => !first(image)).map(run))
}, 1_800_000)

afterAll(() => database?.stop())

describe("a dump of what an image's migrations make of empty databases", () => {
  it.each(tasks)("is of the databases that $name migrates", ({ image, migrates }) => {
    expect(Object.keys(dumps.get(image)!.databases).sort()).toEqual([...migrates!].sort())
  })

  it.each(tasks)("makes of others what $name does, with every row", async ({ image, migrates }) => {
    for (const name of migrates!) {
      const other = `loaded_${name}`
      await database.create(other)
      const { databases } = dumps.get(image)!
      await database.run("mysql", loadStatements(other, databases[name]!))
      const [migrated, loaded] = [await described(name), await described(other)]
      expect(migrated.length).toBeGreaterThan(50)
      expect(loaded).toEqual(migrated)
      expect(linesOf(await database.dump(other))).toEqual(linesOf(databases[name]!))
    }
  })
})

it("leaves a loaded database to the migrations that follow: the image finds nothing to do", async () => {
  const { databases } = dumps.get("keystone")!
  await database.run("mysql", "DROP DATABASE keystone;")
  await database.create("keystone")
  await database.run("mysql", loadStatements("keystone", databases["keystone"]!))
  const before = await database.dump("keystone")
  await migrate(all.get("keystone")!, { docker, database, signal })
  expect(await database.dump("keystone")).toBe(before)
})
