import { AsyncLocalStorage } from "node:async_hooks"
import { closeSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Kysely, sql } from "kysely"
import { type Clock, systemClock } from "../util/clock.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { inState, type Paths } from "../util/paths.ts"
import type { Database } from "./database.ts"
import { storeErrors } from "./errors.ts"
import { type KeySource, keyFile, passingKey } from "./key.ts"
import { migrate } from "./migrations.ts"
import type { Store } from "./port.ts"
import type { EventRecord } from "./records.ts"
import type { Schema } from "./schema.ts"
import { nodeSqlite } from "./sqlite/dialect.ts"
import { eventLog } from "./tables/events.ts"
import { journal } from "./tables/journal.ts"
import { leaseStore } from "./tables/leases.ts"
import { nodeStore } from "./tables/nodes.ts"
import { portStore } from "./tables/ports.ts"
import { runStore } from "./tables/runs.ts"
import { proveKey, secretStore } from "./tables/secrets.ts"
import { settingStore } from "./tables/settings.ts"

export interface OpenOptions {
  readonly clock?: Clock
}

/** Opens (and makes, on first use) the store and its key under the state directory. */
export async function openStore(paths: Paths, options: OpenOptions = {}): Promise<Store> {
  const file = inState.store(paths)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  return open(file, keyFile(inState.key(paths)), options)
}

/** A store that ends with the process: the real implementation, for tests. */
export function openMemoryStore(options: OpenOptions = {}): Promise<Store> {
  return open(":memory:", passingKey(), options)
}

async function open(file: string, key: KeySource, { clock = systemClock }: OpenOptions): Promise<Store> {
  const db = new Kysely<Schema>({ dialect: nodeSqlite(openFile(file)) })
  const listeners = new Set<(event: EventRecord) => void>()
  const announce = (event: EventRecord) => {
    for (const listener of listeners) tell(listener, event)
  }
  const database: Database = { db, clock, key, announce, listeners }
  try {
    await migrate(db)
    await proveKey(database)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return outermost(database)
}

function openFile(file: string): DatabaseSync {
  try {
    // SQLite gives its -wal and -shm files the mode of the database.
    if (file !== ":memory:") closeSync(openSync(file, "a", 0o600))
    const database = new DatabaseSync(file)
    // FULL: what was answered as stored survives a power cut (docs/decisions/0060-store-sqlite.md).
    database.exec(
      "pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on",
    )
    return database
  } catch (cause) {
    throw new BifrostError(storeErrors.STORE_UNREADABLE, { detail: `${file}: ${messageOf(cause)}`, cause })
  }
}

/** A subscriber's failure is its own: the event is stored, and the others still hear of it. */
function tell(listener: (event: EventRecord) => void, event: EventRecord): void {
  try {
    listener(event)
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error))
  }
}

const tablesOf = (database: Database) => ({
  nodes: nodeStore(database),
  ports: portStore(database),
  secrets: secretStore(database),
  leases: leaseStore(database),
  events: eventLog(database),
  journal: journal(database),
  runs: runStore(database),
  settings: settingStore(database),
})

function outermost(database: Database): Store {
  const inside = new AsyncLocalStorage<{ open: boolean }>()
  // Without this, work that calls the outer store would wait for its own transaction to end.
  const refuseInside = () => {
    if (inside.getStore()?.open) throw new BifrostError(storeErrors.STORE_REENTERED)
  }
  const guarded = <T extends object>(table: T): T => {
    const wrap = ([name, method]: [string, (...args: unknown[]) => unknown]) => {
      if (name === "subscribe") return [name, method]
      const checked = async (...args: unknown[]) => {
        refuseInside()
        return method(...args)
      }
      return [name, checked]
    }
    return Object.fromEntries(Object.entries(table).map(wrap)) as T
  }
  const tables = tablesOf(database)
  return {
    ...(Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, guarded(table)])) as typeof tables),

    async transaction(work) {
      refuseInside()
      const context = { open: true }
      const announced: EventRecord[] = []
      try {
        const result = await database.db
          .transaction()
          .execute((db) => inside.run(context, () => work(nested({ ...database, db }, announced))))
        context.open = false
        for (const event of announced) database.announce(event)
        return result
      } finally {
        context.open = false
      }
    },

    close: () => database.db.destroy(),
  }
}

/** The store inside a transaction. A transaction within it is a savepoint: when it fails, only its own part is undone. */
function nested(database: Database, announced: EventRecord[], depth = 1): Store {
  const own: Database = { ...database, announce: (event) => announced.push(event) }
  const savepoint = sql.raw(`level_${depth}`)
  return {
    ...tablesOf(own),

    async transaction(work) {
      const before = announced.length
      await sql`savepoint ${savepoint}`.execute(database.db)
      try {
        const result = await work(nested(database, announced, depth + 1))
        await sql`release savepoint ${savepoint}`.execute(database.db)
        return result
      } catch (error) {
        announced.length = before
        await sql`rollback to savepoint ${savepoint}`.execute(database.db)
        throw error
      }
    },

    async close() {},
  }
}
