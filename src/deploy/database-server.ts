import { createHash } from "node:crypto"
import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { execIn, findContainer } from "./engine.ts"
import { deployErrors } from "./errors.ts"
import type { DeployHost } from "./host.ts"
import { mariadbClient } from "./mariadb-client.ts"
import { recent } from "./recent.ts"
import { redact } from "./secrets.ts"

/** What a MariaDB server has, by one question for all databases of the site. */
export interface DatabasesSeen {
  readonly schemas: ReadonlySet<string>
  /** User (from any host) → how the server keeps the password. */
  readonly users: ReadonlyMap<string, string>
  /** `user database` with the rights that a service needs. */
  readonly grants: ReadonlySet<string>
}

export interface DatabaseServer {
  /** undefined while it does not run. */
  look(): Promise<DatabasesSeen | undefined>
  /** The tables of these databases; of one that is not there, or while the server does not run, none. */
  tables(databases: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>
  /** Whether it surely holds no row, as where there is no such table. A server that does not run says nothing. */
  isEmpty(of: { readonly database: string; readonly table: string }): Promise<boolean>
  /** What of the statements is secret is masked when they fail. */
  run(statements: string, secrets: readonly Secret[], signal: AbortSignal): Promise<void>
}

/** JSON_VALUE: since MariaDB 10.4 accounts are JSON documents. A grant's database is a pattern, with `\_` for `_`. */
const question = `
SELECT 'schema', schema_name FROM information_schema.schemata;
SELECT 'user', user, JSON_VALUE(priv, '$.authentication_string') FROM mysql.global_priv WHERE host = '%';
SELECT 'grant', user, REPLACE(db, '\\\\_', '_') FROM mysql.db WHERE host = '%'
  AND create_priv = 'Y' AND alter_priv = 'Y' AND insert_priv = 'Y' AND drop_priv = 'Y';`

/** Of several servers of one cluster the first that runs is asked. */
export function databaseServer(hosts: readonly DeployHost[], clock: Clock): DatabaseServer {
  const running = async (): Promise<DeployHost | undefined> => {
    for (const host of hosts) {
      if ((await findContainer(host.transport.engine, "mariadb"))?.State.Running) return host
    }
    return undefined
  }
  const look = recent(clock, async () => {
    const host = await running()
    if (!host) return undefined
    return seenFrom(await runSql(host, question, [], new AbortController().signal))
  })
  /** undefined while the server does not run. */
  const ask = async (question: string) => {
    const host = await running()
    return host && runSql(host, question, [], new AbortController().signal)
  }
  return {
    look,
    async isEmpty({ database, table }) {
      const name = `table_schema = ${text(database)} AND table_name = ${text(table)}`
      const there = await ask(`SELECT 1 FROM information_schema.tables WHERE ${name};`)
      if (!there) return there === ""
      return (await ask(`SELECT 1 FROM ${identifier(database)}.${identifier(table)} LIMIT 1;`)) === ""
    },
    async tables(databases) {
      const names = databases.map(text).join(", ")
      const asked = `SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN (${names});`
      const answer = (await ask(asked)) ?? ""
      const rows = answer.split("\n").map((line) => line.split("\t"))
      const tablesOf = (database: string) =>
        rows.flatMap(([schema, table = ""]) => (schema === database ? [table] : []))
      return new Map(databases.map((database) => [database, tablesOf(database)]))
    },
    async run(statements, secrets, signal) {
      try {
        await runSql((await running()) ?? hosts[0]!, statements, secrets, signal)
      } finally {
        look.forget()
      }
    },
  }
}

export function seenFrom(answer: string): DatabasesSeen {
  const rows = answer.split("\n").map((line) => line.split("\t"))
  const of = (kind: string) => rows.filter(([first]) => first === kind)
  return {
    schemas: new Set(of("schema").map(([, name = ""]) => name)),
    users: new Map(of("user").map(([, name = "", password = ""]) => [name, password])),
    grants: new Set(of("grant").map(([, user, database]) => `${user} ${database}`)),
  }
}

/** A name, and a string, as SQL has them. */
export const identifier = (name: string) => `\`${name.replaceAll("`", "``")}\``
export const text = (value: string) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`

/** mysql_native_password: SHA-1 of SHA-1, as PASSWORD() of MariaDB makes it. */
export function keptPassword(password: Secret): string {
  const sha1 = (data: string | Buffer) => createHash("sha1").update(data).digest()
  return `*${sha1(sha1(password.reveal())).toString("hex").toUpperCase()}`
}

/** SQL goes through the server's socket, as standard input: no argument shows it. */
async function runSql(host: DeployHost, statements: string, secrets: readonly Secret[], signal: AbortSignal) {
  const command = [...mariadbClient, "--batch", "--raw", "--skip-column-names"]
  const { code, stdout, stderr } = await execIn(host.transport.engine, "mariadb", command, {
    user: "mysql",
    input: statements,
    signal,
  })
  if (code === 0) return stdout
  throw new BifrostError(deployErrors.SQL_FAILED, { node: host.entry.name, detail: redact(stderr.trim(), secrets) })
}
