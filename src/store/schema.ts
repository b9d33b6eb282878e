import type { Generated } from "kysely"
import type {
  EventRecord,
  JournalEntry,
  Json,
  JsonObject,
  LeaseRecord,
  NodeRecord,
  PortRecord,
  RunRecord,
} from "./records.ts"

/** How a record's field is kept in a column that every SQL database has: JSON as text, booleans as 0 and 1. */
type Column<T> = T extends boolean ? number : T extends object ? string : T
export type Row<R> = { [K in keyof R]: Column<R[K]> }

interface SecretRow {
  owner: string
  name: string
  /** What `seal` made. */
  sealed: string
}

/** The tables, one a kind of record; migrations.ts makes them. */
export interface Schema {
  nodes: Row<NodeRecord>
  ports: Row<PortRecord>
  secrets: SecretRow
  leases: Row<LeaseRecord>
  events: Omit<Row<EventRecord>, "id"> & { id: Generated<number> }
  journal: Omit<Row<JournalEntry>, "id"> & { id: Generated<number> }
  runs: Row<RunRecord>
  settings: { key: string; value: string }
  schema_version: { version: number }
}

interface Codec<R> {
  toRow<F extends Partial<R>>(fields: F): { [K in keyof F]: Column<F[K]> }
  fromRow(row: Row<R>): R
}

type KeysOf<R, T> = { [K in keyof R]-?: Extract<R[K], T> extends never ? never : K }[keyof R]

/** Record ↔ row: names the fields kept as JSON and those kept as 0 and 1, and the compiler sees that none is forgotten. */
function codec<R extends object>(kinds: {
  json: Record<KeysOf<R, JsonObject | string[]>, true>
  boolean: Record<KeysOf<R, boolean>, true>
}): Codec<R> {
  const json = new Set(Object.keys(kinds.json))
  const boolean = new Set(Object.keys(kinds.boolean))
  const map = (fields: object, convert: (key: string, value: unknown) => unknown) =>
    Object.fromEntries(
      Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => [key, value === null ? null : convert(key, value)]),
    )
  const encode = (key: string, value: unknown) =>
    json.has(key) ? JSON.stringify(value) : boolean.has(key) ? Number(value) : value
  const decode = (key: string, value: unknown): unknown =>
    json.has(key) ? (JSON.parse(value as string) as Json) : boolean.has(key) ? value === 1 : value
  return {
    toRow: <F extends Partial<R>>(fields: F) => map(fields, encode) as { [K in keyof F]: Column<F[K]> },
    fromRow: (row) => map(row, decode) as R,
  }
}

export const codecs = {
  node: codec<NodeRecord>({
    json: {
      driver_info: true,
      properties: true,
      instance_info: true,
      driver_internal_info: true,
      extra: true,
      groups: true,
    },
    boolean: { maintenance: true },
  }),
  port: codec<PortRecord>({
    json: { local_link_connection: true, extra: true },
    boolean: { pxe_enabled: true },
  }),
  lease: codec<LeaseRecord>({ json: {}, boolean: {} }),
  event: codec<EventRecord>({ json: { data: true }, boolean: {} }),
  journal: codec<JournalEntry>({ json: { data: true }, boolean: {} }),
  run: codec<RunRecord>({ json: { request: true, result: true }, boolean: {} }),
}
