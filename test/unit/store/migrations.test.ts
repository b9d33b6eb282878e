import { DatabaseSync } from "node:sqlite"
import { Kysely } from "kysely"
import { expect, test } from "vitest"
import { migrate, migrations } from "../../../src/store/migrations.ts"
import type { Schema } from "../../../src/store/schema.ts"
import { nodeSqlite } from "../../../src/store/sqlite/dialect.ts"

const fresh = () => new Kysely<Schema>({ dialect: nodeSqlite(new DatabaseSync(":memory:")) })
const versions = async (db: Kysely<Schema>) =>
  (await db.selectFrom("schema_version").select("version").orderBy("version").execute()).map((row) => row.version)

test("migrations run once each, in their order", async () => {
  const db = fresh()
  const ran: number[] = []
  const step = (number: number) => async () => void ran.push(number)
  await migrate(db, [...migrations, step(2)])
  await migrate(db, [...migrations, step(2), step(3)])
  expect(ran).toEqual([2, 3])
  expect(await versions(db)).toEqual([1, 2, 3])
  await db.destroy()
})

test("a migration that fails leaves the version before it", async () => {
  const db = fresh()
  const failing = async (within: Kysely<Schema>) => {
    await within.schema.dropTable("settings").execute()
    throw new Error("half way")
  }
  await expect(migrate(db, [...migrations, failing])).rejects.toThrow("half way")
  expect(await versions(db)).toEqual([1])
  expect(await db.selectFrom("settings").selectAll().execute()).toEqual([])
  await db.destroy()
})
