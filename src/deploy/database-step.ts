import type { Step } from "../graph/step.ts"
import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { execIn, findContainer } from "./engine.ts"
import { deployErrors } from "./errors.ts"
import type { DeployHost } from "./host.ts"
import { redact } from "./secrets.ts"

interface DatabaseSeen {
  readonly schema: boolean
  readonly user: boolean
  readonly grant: boolean
}

const none: DatabaseSeen = { schema: false, user: false, grant: false }

export interface DatabaseStepOptions {
  readonly id: string
  readonly after: readonly string[]
  readonly host: DeployHost
  readonly name: string
  readonly user: string
  readonly password: Secret
}

/** A database, its user and the user's rights. SQL goes through the server's socket, as standard input: no argument shows it. */
export function databaseStep(options: DatabaseStepOptions): Step<DatabaseSeen> {
  const { name } = options
  const [schema, user, password] = [identifier(name), `${text(options.user)}@'%'`, text(options.password.reveal())]
  const sql = (statements: string, signal: AbortSignal) => runSql(options.host, statements, options.password, signal)
  return {
    id: options.id,
    after: options.after,
    async inspect(signal) {
      const server = await findContainer(options.host.transport.engine, "mariadb")
      if (!server?.State.Running) return none
      const answer = await sql(
        `SELECT
          (SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = ${text(name)}),
          (SELECT COUNT(*) FROM mysql.global_priv WHERE user = ${text(options.user)} AND host = '%'
            AND JSON_VALUE(priv, '$.authentication_string') = PASSWORD(${password})),
          (SELECT COUNT(*) FROM mysql.db WHERE user = ${text(options.user)} AND host = '%' AND db = ${text(grantPattern(name))}
            AND create_priv = 'Y' AND alter_priv = 'Y' AND insert_priv = 'Y' AND drop_priv = 'Y');`,
        signal,
      )
      const [hasSchema, hasUser, hasGrant] = answer
        .trim()
        .split("\t")
        .map((count) => count === "1")
      return { schema: hasSchema ?? false, user: hasUser ?? false, grant: hasGrant ?? false }
    },
    plan: (seen) => [
      ...(seen.schema ? [] : [{ action: "create" as const, target: `database ${name}` }]),
      ...(seen.user ? [] : [{ action: "update" as const, target: `database user ${options.user}` }]),
      ...(seen.grant
        ? []
        : [{ action: "update" as const, target: `grant of database user ${options.user} on ${name}` }]),
    ],
    async apply(_changes, signal) {
      await sql(
        `CREATE DATABASE IF NOT EXISTS ${schema} CHARACTER SET utf8mb4;
        CREATE USER IF NOT EXISTS ${user};
        ALTER USER ${user} IDENTIFIED BY ${password};
        GRANT ALL PRIVILEGES ON \`${grantPattern(name)}\`.* TO ${user};`,
        signal,
      )
    },
  }
}

async function runSql(host: DeployHost, statements: string, password: Secret, signal: AbortSignal): Promise<string> {
  const command = ["mariadb", "--no-defaults", "--user=mysql", "--batch", "--skip-column-names"]
  const { code, stdout, stderr } = await execIn(host.transport.engine, "mariadb", command, {
    user: "mysql",
    input: statements,
    signal,
  })
  if (code === 0) return stdout
  const detail = redact(stderr.trim(), [password])
  throw new BifrostError(deployErrors.SQL_FAILED, { node: host.entry.name, detail })
}

const identifier = (name: string) => `\`${name.replaceAll("`", "``")}\``
const text = (value: string) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`
/** In GRANT's database name `_` stands for any character unless it is escaped. */
const grantPattern = (name: string) => name.replaceAll("_", "\\_")
