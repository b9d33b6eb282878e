import type Docker from "dockerode"
import { BifrostError } from "../util/errors.ts"
import type { DatabaseServer } from "./database-server.ts"
import { deployErrors } from "./errors.ts"
import { emptyDatabases } from "./schema.ts"
import { labels } from "./unit.ts"

export interface MigrationOptions {
  readonly server: DatabaseServer
  readonly databases: readonly string[]
  /** When the volume that they are in came to be. */
  readonly life: () => Promise<string>
  /** Whether anything exists, on any host, that may use them: it only comes to be after the migration ended well. */
  readonly used: () => Promise<boolean>
}

/**
 * What a migration may do about one before it that was cut off. MariaDB cannot take back a change of a schema, and no
 * migration goes on in the middle of a script: it fails at what is there already, for ever. Where nothing else has been in
 * the databases, it begins anew with empty ones; where something has, people decide.
 */

/**
 * Empties the databases where that loses nothing. Returns what the new container is to be labelled with, so that a later run
 * knows what this one began with; `before` is the container of the last run.
 */
export async function beginMigration(
  migration: MigrationOptions,
  before: Docker.ContainerInspectInfo | undefined,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const { databases, server } = migration
  const life = await migration.life()
  if (await wasCutOff(migration, before, life)) await emptyDatabases(server, databases, signal)
  const tables = await server.tables(databases)
  // A server that does not run says nothing of a database, which is not that it is empty.
  return databases.every((database) => tables.get(database)?.length === 0) ? { [labels.blank]: life } : {}
}

/** Three witnesses: what the one before began with, that it did not end well, and that nobody has come after it. */
async function wasCutOff(migration: MigrationOptions, before: Docker.ContainerInspectInfo | undefined, life: string) {
  if (before?.Config.Labels?.[labels.blank] !== life) return false
  const { Running, Status, ExitCode } = before.State
  const cutOff = Running || (Status !== "created" && ExitCode !== 0)
  return cutOff && !(await migration.used())
}

/** The error for a migration that did not end well. `detail`: its name with its last lines; `container`: what ran it. */
export function migrationFailure(
  { databases }: MigrationOptions,
  node: string,
  detail: string,
  container: Docker.ContainerInspectInfo | undefined,
): BifrostError {
  const remedy = container?.Config.Labels?.[labels.blank] === undefined ? keptRemedy(databases, detail) : blankRemedy
  return new BifrostError(deployErrors.DATABASE_NOT_MIGRATED, { node, detail, remedy })
}

const blankRemedy =
  "Run the command again once the cause is gone. Nothing but this has ever been in the database: it begins anew with an empty one."

/** MariaDB's numbers: table, column, key or constraint exists already (1050, 1060, 1061, 1826), or none to drop or use (1091, 1054, 1146). */
const halfDone = /\((1050|1054|1060|1061|1091|1146|1826),/

const keptRemedy = (databases: readonly string[], detail: string) =>
  halfDone.test(detail)
    ? `A change of the schema was cut off half-way, and MariaDB cannot take it back. The data of ${databases.join(", ")} is untouched: bring back a backup from before the upgrade, or complete the change by hand at the place that the lines name. Then run the command again. See "When a migration stops half-way" in docs/deploy.md.`
    : `Run the command again once the cause is gone. The data of ${databases.join(", ")} is kept; a change of the schema that was cut off half-way would be told by the next run.`
