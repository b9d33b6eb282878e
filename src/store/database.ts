import type { Kysely } from "kysely"
import type { Clock } from "../util/clock.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { storeErrors } from "./errors.ts"
import type { KeySource } from "./key.ts"
import type { EventRecord } from "./records.ts"
import type { Schema } from "./schema.ts"

/** What the tables work with; inside a transaction `db` is that transaction. */
export interface Database {
  readonly db: Kysely<Schema>
  readonly clock: Clock
  readonly key: KeySource
  /** Tells subscribers; inside a transaction it waits for the commit. */
  announce(event: EventRecord): void
  readonly listeners: Set<(event: EventRecord) => void>
}

/** Runs `work` in one transaction: the one that is open, or a new one. */
export function atomically<T>(db: Kysely<Schema>, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work)
}

/** Names the constraint that a write broke; everything else passes unchanged. */
export async function constrained<T>(what: string, write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (cause) {
    const message = messageOf(cause)
    const unique = /UNIQUE constraint failed: (\w+)\.(\w+)/.exec(message)
    if (unique) {
      throw new BifrostError(storeErrors.STORE_CONFLICT, {
        detail: `${what}: ${unique[2]} is in use in ${unique[1]}`,
        cause,
      })
    }
    if (message.includes("FOREIGN KEY constraint failed")) {
      throw new BifrostError(storeErrors.STORE_NO_SUCH_NODE, { detail: what, cause })
    }
    throw cause
  }
}

/** Now in ISO 8601, but always after `previous`: updated_at also serves to compare and set. */
export function timestamp(clock: Clock, previous: string | null = null): string {
  const now = clock.now()
  const last = previous === null ? Number.NEGATIVE_INFINITY : Date.parse(previous)
  return new Date(Math.max(now, last + 1)).toISOString()
}
