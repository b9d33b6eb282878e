import type { Step } from "../graph/step.ts"
import type { Secret } from "../util/secret.ts"
import { type DatabaseServer, identifier, keptPassword, text } from "./database-server.ts"

interface DatabaseSeen {
  readonly schema: boolean
  readonly user: boolean
  readonly grant: boolean
}

const none: DatabaseSeen = { schema: false, user: false, grant: false }

export interface DatabaseStepOptions {
  readonly id: string
  readonly after: readonly string[]
  readonly server: DatabaseServer
  readonly name: string
  readonly user: string
  readonly password: Secret
}

/** A database, its user and the user's rights. */
export function databaseStep({ id, after, server, name, user, password }: DatabaseStepOptions): Step<DatabaseSeen> {
  return {
    id,
    after,
    async inspect() {
      const seen = await server.look()
      if (!seen) return none
      return {
        schema: seen.schemas.has(name),
        user: seen.users.get(user) === keptPassword(password),
        grant: seen.grants.has(`${user} ${name}`),
      }
    },
    plan: (seen) => [
      ...(seen.schema ? [] : [{ action: "create" as const, target: `database ${name}` }]),
      ...(seen.user ? [] : [{ action: "update" as const, target: `database user ${user}` }]),
      ...(seen.grant ? [] : [{ action: "update" as const, target: `grant of database user ${user} on ${name}` }]),
    ],
    async apply(_changes, signal) {
      const [schema, account, secret] = [identifier(name), `${text(user)}@'%'`, text(password.reveal())]
      await server.run(
        `CREATE DATABASE IF NOT EXISTS ${schema} CHARACTER SET utf8mb4;
        CREATE USER IF NOT EXISTS ${account};
        ALTER USER ${account} IDENTIFIED BY ${secret};
        GRANT ALL PRIVILEGES ON \`${grantPattern(name)}\`.* TO ${account};`,
        [password],
        signal,
      )
    },
  }
}

/** In GRANT's database name `_` stands for any character unless it is escaped. */
const grantPattern = (name: string) => name.replaceAll("_", "\\_")
