import { randomUUID } from "node:crypto"
import { BifrostError } from "../util/errors.ts"
import { type DatabaseServer, identifier } from "./database-server.ts"
import { deployErrors } from "./errors.ts"
import type { SchemaDump } from "./schema-dumps.ts"

/** The databases that a task migrates, which may be there without a table yet. */
export interface SchemaOptions {
  readonly server: DatabaseServer
  readonly databases: readonly string[]
  /** What the task's image would make of them. */
  readonly dump: () => Promise<SchemaDump | undefined>
}

export interface SchemaSeen {
  /** All are empty, and this is what the migrations would make of them. */
  readonly loadable: SchemaDump | undefined
  /** Those in which a load was cut off: nothing in them is worth keeping. */
  readonly cutOff: readonly string[]
}

/** A table that is there while a database is loaded, since MariaDB commits each CREATE TABLE by itself. */
const marker = "bifrost_loading"

export async function inspectSchema({ server, databases, dump }: SchemaOptions): Promise<SchemaSeen> {
  const [tables, found] = await Promise.all([server.tables(databases), dump()])
  const tablesOf = (database: string) => tables.get(database) ?? []
  const cutOff = databases.filter((database) => tablesOf(database).includes(marker))
  const fresh = databases.every((database) => tablesOf(database).length === 0 || cutOff.includes(database))
  const whole = databases.every((database) => found?.databases[database] !== undefined)
  return { loadable: fresh && whole ? found : undefined, cutOff }
}

/** Brings the databases to the dump's schema, as the migrations would have. Rejects with DATABASE_NOT_MIGRATED, and nothing done, when one has tables. */
export async function loadSchema({ server, databases }: SchemaOptions, dump: SchemaDump, signal: AbortSignal) {
  // A server that did not run when it was looked at had shown no table; a database with data must never get the marker.
  const tables = await server.tables(databases)
  const filled = databases.filter((database) => (tables.get(database) ?? []).length > 0)
  if (filled.length > 0) {
    const detail = `${filled.join(", ")} had no table when it was looked at, and has some now`
    throw new BifrostError(deployErrors.DATABASE_NOT_MIGRATED, {
      detail,
      remedy: "Run the command again: it looks anew.",
    })
  }
  const statements = databases.map((database) => loadStatements(database, dump.databases[database] ?? ""))
  await server.run(statements.join(""), [], signal)
}

export function loadStatements(database: string, dump: string): string {
  return `USE ${identifier(database)};
    CREATE TABLE ${marker} (id INT PRIMARY KEY);
    ${withOwnUuids(dump)}
    DROP TABLE ${marker};\n`
}

/** Databases without what a cut-off load left in them; who may use them is kept. */
export async function emptyDatabases(server: DatabaseServer, databases: readonly string[], signal: AbortSignal) {
  const again = databases.map((database) => {
    const name = identifier(database)
    return `DROP DATABASE ${name}; CREATE DATABASE ${name} CHARACTER SET utf8mb4;\n`
  })
  if (again.length > 0) await server.run(again.join(""), [], signal)
}

/** RFC 9562 §5.4: version 4, which is made of random bits. */
const randomUuid = /'([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})'/g

/** A migration makes up ids for rows of its own, such as Cinder's first volume type: two clouds do not share them. */
function withOwnUuids(dump: string): string {
  const own = new Map<string, string>()
  return dump.replace(randomUuid, (_, uuid: string) => {
    if (!own.has(uuid)) own.set(uuid, randomUUID())
    return `'${own.get(uuid)}'`
  })
}
