import type { DatabaseSync, SQLInputValue } from "node:sqlite"
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely"

/**
 * Kysely over Node's built-in SQLite: one connection, on which kysely itself lines up its users (SqliteAdapter says that
 * there is only one), so that transactions are serial.
 */
export function nodeSqlite(database: DatabaseSync): Dialect {
  return {
    createDriver: () => driver(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

function driver(database: DatabaseSync): Driver {
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery) => execute<R>(database, query),
    // The store reads whole answers; kysely asks for the method all the same.
    async *streamQuery<R>(query: CompiledQuery) {
      yield execute<R>(database, query)
    },
  }
  const raw = async (sql: string) => database.exec(sql)
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    // IMMEDIATE: a transaction that reads first and writes later must not find that another process wrote between.
    beginTransaction: () => raw("begin immediate"),
    commitTransaction: () => raw("commit"),
    rollbackTransaction: () => raw("rollback"),
    releaseConnection: async () => {},
    destroy: async () => database.close(),
  }
}

function execute<R>(database: DatabaseSync, { sql, parameters }: CompiledQuery): QueryResult<R> {
  const statement = database.prepare(sql)
  const values = parameters as SQLInputValue[]
  if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] }
  const { changes } = statement.run(...values)
  return { rows: [], numAffectedRows: BigInt(changes) }
}
