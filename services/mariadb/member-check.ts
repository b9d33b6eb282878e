import type { FileDefinition, ServiceContext } from "../../src/deploy/service.ts"
import { isCluster } from "./galera.ts"

/**
 * How a load balancer finds out whether a member serves. One that has lost the others still listens, lets in,
 * and answers what touches no table: only its own word tells. https://mariadb.com/kb/en/clientserver-protocol/
 */

/** It may log in from hosts of the load balancer, without a password, and has no right to anything. */
const account = "haproxy"

/** Run by the server at each start, a statement a line. In each member by itself: one that cannot write to the cluster yet starts too. */
export const checkAccount: FileDefinition = {
  name: "accounts.sql",
  dest: "/etc/mysql/accounts.sql",
  owner: "mysql:mysql",
  perm: "0600",
  content: (context: ServiceContext) => {
    const askers = context.carriers("haproxy")
    if (!isCluster(context) || askers.length === 0) return undefined
    const accounts = askers.map(({ address }) => `CREATE USER IF NOT EXISTS '${account}'@'${address}';`)
    return `${["SET SESSION wsrep_on = OFF;", ...accounts].join("\n")}\n`
  },
}

/** Three bytes of length, little-endian, and one that counts packets; as hexadecimal digits. */
function packet(sequence: number, payload: Buffer): string {
  const header = Buffer.alloc(4)
  header.writeUIntLE(payload.length, 0, 3)
  header[3] = sequence
  return Buffer.concat([header, payload]).toString("hex")
}

/** CLIENT_PROTOCOL_41 and CLIENT_SECURE_CONNECTION, packets of 16 MiB, utf8mb4, 23 zeros; the name; a password of no bytes. */
const login = packet(
  1,
  Buffer.concat([
    Buffer.from("0082000000000001", "hex"),
    Buffer.from([45]),
    Buffer.alloc(23),
    Buffer.from(`${account}\0\0`),
  ]),
)
const question = packet(
  0,
  Buffer.from(
    "\x03SELECT CONCAT('ready:', variable_value) FROM information_schema.global_status WHERE variable_name = 'wsrep_ready'",
  ),
)
const goodbye = packet(0, Buffer.from([1]))
/** An OK packet. */
const letIn = "070000020000000200"

/** HAProxy's directives. It says goodbye before it reads: who answers something else then ends the connection, and nobody waits. */
export const memberCheck: readonly string[] = [
  "option tcp-check",
  "tcp-check connect",
  `tcp-check send-binary ${login}`,
  `tcp-check expect binary ${letIn}`,
  `tcp-check send-binary ${question}`,
  `tcp-check send-binary ${goodbye}`,
  "tcp-check expect string ready:ON",
]
