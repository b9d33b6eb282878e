import { connect, createServer, type Socket } from "node:net"
import { inState, type Paths } from "../util/paths.ts"

/**
 * Lets the engine of this machine push: it can only push to TCP, and the registry takes pushes on a unix socket only. While
 * `use` runs, a loopback port leads there. The engine takes 127.0.0.0/8 for insecure registries by itself.
 *
 * @param use gets the registry's name for image references, "127.0.0.1:PORT"
 */
export async function withRegistryRelay<T>(paths: Paths, use: (registry: string) => Promise<T>): Promise<T> {
  const open = new Set<Socket>()
  const server = createServer((incoming) => {
    const outgoing = connect(inState.registrySocket(paths))
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(from)
      from.pipe(to)
      // Either end may break off; the engine tries again, so there is nothing to add to what it will say.
      from.on("error", () => to.destroy()).on("close", () => open.delete(from))
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve)
  })
  const address = server.address()
  const port = typeof address === "object" && address ? address.port : 0
  try {
    return await use(`127.0.0.1:${port}`)
  } finally {
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** Whether something accepts connections there. */
export function answersOnSocket(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket)
    probe.on("connect", () => resolve(true)).on("error", () => resolve(false))
    probe.on("connect", () => probe.destroy())
  })
}
