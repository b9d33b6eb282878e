import { createInterface } from "node:readline"
import Fastify from "fastify"
import { netbootRoutes, netbootServerOptions } from "../../../src/netboot/routes.ts"
import { startNetboot } from "../../../src/netboot/start.ts"
import { openMemoryStore, openStore } from "../../../src/store/open.ts"
import type { NodeRecord } from "../../../src/store/records.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { BifrostError, messageOf } from "../../../src/util/errors.ts"
import { aNode, aPort } from "../../unit/store/records.ts"

/**
 * The network boot as a process of its own, so that it can live in a namespace: options as JSON in the first argument,
 * one JSON object a line on standard output (`ready`, `event`, `log`, `error`), changes of nodes on standard input.
 */
export interface ServeOptions {
  readonly interface: string
  readonly address: string
  readonly range: { from: string; to: string }
  readonly state: string
  readonly unknown?: "discover" | "ignore"
  readonly relayed?: { network: string; range: { from: string; to: string }; router: string }[]
  readonly kernelParameters?: string[]
  /** The store is the file below `state`, as the service's is, and outlives the process. */
  readonly keeps?: boolean
  readonly nodes?: (Partial<NodeRecord> & { uuid: string; mac: string })[]
}

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

try {
  const { state, keeps, nodes = [], ...rest } = JSON.parse(process.argv[2] ?? "{}") as ServeOptions
  const paths = { state, cache: state }
  const store = keeps ? await openStore(paths) : await openMemoryStore()
  store.events.subscribe((event) => say({ event }))
  for (const { mac, ...node } of nodes) {
    await store.nodes.insert(aNode(node))
    await store.ports.insert(aPort(node.uuid, mac))
  }
  const ending = new AbortController()
  const log = (line: string) => say({ log: line })
  const netboot = await startNetboot({ ...rest, store, paths, clock: systemClock, signal: ending.signal, log })
  const server = Fastify({ ...netbootServerOptions })
  await server.register(netbootRoutes, netboot.routes)
  await server.listen({ host: rest.address, port: 8080 })
  say({ ready: true })
  for await (const line of createInterface({ input: process.stdin })) {
    const { uuid, ...fields } = JSON.parse(line) as { uuid: string } & Partial<NodeRecord>
    await store.nodes.update(uuid, fields)
    say({ changed: uuid })
  }
  ending.abort()
  await netboot.close()
  await server.close()
  await store.close()
} catch (error) {
  say({ error: error instanceof BifrostError ? error.code : "?", message: messageOf(error) })
  process.exitCode = 1
}
