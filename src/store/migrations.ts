import type { Kysely } from "kysely"
import { BifrostError } from "../util/errors.ts"
import { storeErrors } from "./errors.ts"
import type { Schema } from "./schema.ts"

type Migration = (db: Kysely<Schema>) => Promise<void>

/** Migration N is at index N − 1. One that was released is never changed: another is added. */
export const migrations: readonly Migration[] = [initial]

/** Brings the schema to this program's version, each step in a transaction of its own. Refuses a newer one. */
export async function migrate(db: Kysely<Schema>, steps: readonly Migration[] = migrations): Promise<void> {
  await db.schema
    .createTable("schema_version")
    .ifNotExists()
    .addColumn("version", "integer", (column) => column.primaryKey())
    .execute()
  const found = await db.selectFrom("schema_version").select("version").orderBy("version", "desc").executeTakeFirst()
  const version = found?.version ?? 0
  if (version > steps.length) {
    throw new BifrostError(storeErrors.STORE_NEWER, {
      detail: `its schema has version ${version}`,
      expected: `${steps.length} at most`,
    })
  }
  for (const [index, step] of steps.entries()) {
    if (index < version) continue
    await db.transaction().execute(async (transaction) => {
      await step(transaction)
      await transaction
        .insertInto("schema_version")
        .values({ version: index + 1 })
        .execute()
    })
  }
}

async function initial(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("nodes")
    .addColumn("uuid", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.unique())
    .addColumn("driver", "text", (column) => column.notNull())
    .addColumn("driver_info", "text", (column) => column.notNull())
    .addColumn("properties", "text", (column) => column.notNull())
    .addColumn("instance_info", "text", (column) => column.notNull())
    .addColumn("driver_internal_info", "text", (column) => column.notNull())
    .addColumn("extra", "text", (column) => column.notNull())
    .addColumn("groups", "text", (column) => column.notNull())
    .addColumn("resource_class", "text")
    .addColumn("instance_uuid", "text", (column) => column.unique())
    .addColumn("provision_state", "text", (column) => column.notNull())
    .addColumn("target_provision_state", "text")
    .addColumn("power_state", "text")
    .addColumn("target_power_state", "text")
    .addColumn("last_error", "text")
    .addColumn("maintenance", "integer", (column) => column.notNull())
    .addColumn("maintenance_reason", "text")
    .addColumn("provision_updated_at", "text")
    .addColumn("created_at", "text", (column) => column.notNull())
    .addColumn("updated_at", "text")
    .execute()
  await db.schema
    .createTable("ports")
    .addColumn("uuid", "text", (column) => column.primaryKey())
    .addColumn("node_uuid", "text", (column) => column.notNull().references("nodes.uuid").onDelete("cascade"))
    .addColumn("address", "text", (column) => column.notNull().unique())
    .addColumn("pxe_enabled", "integer", (column) => column.notNull())
    .addColumn("physical_network", "text")
    .addColumn("local_link_connection", "text", (column) => column.notNull())
    .addColumn("extra", "text", (column) => column.notNull())
    .addColumn("created_at", "text", (column) => column.notNull())
    .addColumn("updated_at", "text")
    .execute()
  await db.schema.createIndex("ports_of_node").on("ports").column("node_uuid").execute()
  // Owners are nodes or the site, hence no foreign key: NodeStore.remove takes a node's secrets along.
  await db.schema
    .createTable("secrets")
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("sealed", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("secrets_key", ["owner", "name"])
    .execute()
  await db.schema
    .createTable("leases")
    .addColumn("address", "text", (column) => column.primaryKey())
    .addColumn("mac", "text", (column) => column.notNull())
    .addColumn("client_id", "text")
    .addColumn("hostname", "text")
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .execute()
  // Ids are never given twice (clients resume after the last one they saw), which AUTOINCREMENT promises; in PostgreSQL
  // the same word is "generated always as identity".
  await db.schema
    .createTable("events")
    .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("node_uuid", "text")
    .addColumn("run_id", "text")
    .addColumn("data", "text", (column) => column.notNull())
    .execute()
  await db.schema.createIndex("events_of_node").on("events").columns(["node_uuid", "id"]).execute()
  await db.schema.createIndex("events_of_run").on("events").columns(["run_id", "id"]).execute()
  await db.schema
    .createTable("journal")
    .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("operation", "text", (column) => column.notNull())
    .addColumn("subject", "text", (column) => column.notNull())
    .addColumn("step", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("data", "text", (column) => column.notNull())
    .addColumn("started_at", "bigint", (column) => column.notNull())
    .addColumn("ended_at", "bigint")
    .addColumn("error", "text")
    .execute()
  await db.schema.createIndex("journal_of_operation").on("journal").columns(["operation", "id"]).execute()
  await db.schema
    .createTable("runs")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("request", "text", (column) => column.notNull())
    .addColumn("result", "text")
    .addColumn("started_at", "bigint", (column) => column.notNull())
    .addColumn("ended_at", "bigint")
    .execute()
  await db.schema.createIndex("runs_by_status").on("runs").columns(["status", "kind"]).execute()
  await db.schema
    .createTable("settings")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("value", "text", (column) => column.notNull())
    .execute()
}
