import type { FileDefinition, ServiceContext } from "../../src/deploy/service.ts"

/**
 * Whether the broker lets services in, asked as one of them would be let in: AMQP 0-9-1, section 4.2. A port is open also
 * where Erlang hangs, and the broker's own programs start an Erlang of theirs for each question.
 */

const bytes = (size: 1 | 2 | 4, value: number) => {
  const buffer = Buffer.alloc(size)
  buffer.writeUIntBE(value, 0, size)
  return buffer
}
const long = (content: Buffer) => Buffer.concat([bytes(4, content.length), content])
const shortString = (text: string) => Buffer.concat([bytes(1, text.length), Buffer.from(text)])
const longString = (text: string) => long(Buffer.from(text))
/** A table of one string. */
const table = (key: string, value: string) =>
  long(Buffer.concat([shortString(key), Buffer.from("S"), longString(value)]))

const connectionClass = 10
/** A method of the connection's class, on the connection's own channel. */
function method(id: number, ...fields: readonly Buffer[]): Buffer {
  const payload = Buffer.concat([bytes(2, connectionClass), bytes(2, id), ...fields])
  return Buffer.concat([bytes(1, 1), bytes(2, 0), bytes(4, payload.length), payload, bytes(1, 0xce)])
}

/** The whole of a conversation at once: it is answered in its order, and nobody waits for a turn. */
const conversation = (user: string, password: string) =>
  Buffer.concat([
    Buffer.from("AMQP\0\0\x09\x01"),
    // Start-Ok, with a name that the broker's log and its list of connections show.
    method(
      11,
      table("connection_name", "health check"),
      shortString("PLAIN"),
      longString(`\0${user}\0${password}`),
      shortString("en_US"),
    ),
    // Tune-Ok: one channel, the smallest frames that there are, no heartbeat.
    method(31, bytes(2, 1), bytes(4, 8192), bytes(2, 0)),
    // Open, of the virtual host that services use.
    method(40, shortString("/"), shortString(""), bytes(1, 0)),
    // Close.
    method(50, bytes(2, 200), shortString(""), bytes(2, 0), bytes(2, 0)),
  ])

interface Login {
  readonly port: number
  readonly user: string
  /** The secret's name. */
  readonly password: string
}

/** bash leaves zero bytes out of what it reads: frames are told without them, each up to the byte that ends it. */
export const answersFile = ({ port, user, password }: Login): FileDefinition => ({
  name: "answers",
  dest: "/etc/rabbitmq/answers",
  owner: "rabbitmq:rabbitmq",
  perm: "0500",
  // The password is in it as digits, which no search for the password would find.
  secret: true,
  content: ({ host, secret }: ServiceContext) => `#!/bin/bash
LC_ALL=C
exec 3<>/dev/tcp/${host.address}/${port} || exit 1
printf '${conversation(user, secret(password)).toString("hex").replaceAll(/../g, "\\x$&")}' >&3
opened=
while IFS= read -r -d $'\\xce' -t 10 -u 3 frame; do
    [[ $frame == $'\\x01\\x05\\n)' ]] && opened=1
    [[ $opened && $frame == $'\\x01\\x04\\n3' ]] && exit 0
done
echo "it does not let services in"
exit 1
`,
})
