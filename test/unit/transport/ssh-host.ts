import type { AddressInfo } from "node:net"
import ssh2, { type Connection } from "ssh2"
import { onTestFinished } from "vitest"
import { newKeyPair } from "../../../src/transport/key-pair.ts"
import { sshTransport } from "../../../src/transport/ssh.ts"
import { systemClock } from "../../../src/util/clock.ts"

const host = newKeyPair("host")
const key = newKeyPair("key").private

/** A transport to a host of the test's own that lets anybody in and does what `behave` says. Both end with the test. */
export async function transportTo(behave: (client: Connection) => void) {
  const server = new ssh2.Server({ hostKeys: [host.private.reveal()] }, (client) => {
    client.on("authentication", (context) => context.accept())
    client.on("error", () => {})
    behave(client)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const place = { name: "host1", address: "127.0.0.1", port, user: "root", hostKey: host.public }
  const transport = sshTransport(place, key, systemClock)
  onTestFinished(async () => {
    await transport.close()
    await new Promise<unknown>((resolve) => server.close(resolve))
  })
  return transport
}
