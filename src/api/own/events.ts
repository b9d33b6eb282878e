import { once } from "node:events"
import type { FastifyInstance, FastifyRequest } from "fastify"
import type { EventFilter, Store } from "../../store/port.ts"
import type { EventRecord } from "../../store/records.ts"
import { readCount, readQuery } from "../body.ts"
import { theNode } from "../lookup.ts"
import type { ApiOptions } from "../ports.ts"

const PAGE = 500
/** Often enough that no proxy takes the silence for the end. */
const KEEP_ALIVE_MS = 15_000
const ID_MOST = Number.MAX_SAFE_INTEGER

/**
 * `GET /v1/events?since=&last=&node=&run=&limit=` → `{events}`; with `Accept: text/event-stream` a stream (WHATWG HTML §9.2)
 * that goes on with what comes: after Last-Event-ID or `since`, or with the newest `last` first, else from now.
 */
export function eventRoutes(app: FastifyInstance, { store, clock }: ApiOptions): void {
  const streams = new Set<AbortController>()
  app.addHook("preClose", async () => {
    for (const stream of streams) stream.abort()
  })

  app.get("/v1/events", async (request, reply) => {
    const query = readQuery(request.query, ["since", "last", "node", "run", "limit"])
    const filter = {
      ...(query.node !== undefined && { node_uuid: (await theNode(store, query.node)).uuid }),
      ...(query.run !== undefined && { run_id: query.run }),
    }
    const last = readCount("last", query.last, PAGE)
    const since =
      readCount("since", lastEventId(request) ?? query.since, ID_MOST) ??
      (last === undefined ? undefined : await beforeLatest(store, last, filter))
    const limit = readCount("limit", query.limit, PAGE) ?? PAGE
    if (!String(request.headers.accept).includes("text/event-stream")) {
      return { events: await store.events.since(since ?? 0, { ...filter, limit }) }
    }

    const ended = new AbortController()
    streams.add(ended)
    reply.hijack()
    const out = reply.raw
    out.on("close", () => ended.abort())
    out.on("error", () => ended.abort())
    out.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" })
    out.write(": events\n\n")

    // The store is the queue: each turn reads on from the last id sent, so a slow reader costs no memory here.
    let seen = since
    let wake = Promise.withResolvers<void>()
    const leave = store.events.subscribe((event) => {
      seen ??= event.id - 1
      wake.resolve()
    })
    ended.signal.addEventListener("abort", () => wake.resolve())
    const write = async (text: string) => {
      if (!out.write(text)) await once(out, "drain", { signal: ended.signal })
    }
    try {
      while (!ended.signal.aborted) {
        wake = Promise.withResolvers()
        const events = seen === undefined ? [] : await store.events.since(seen, { ...filter, limit: PAGE })
        for (const event of events) {
          await write(frame(event))
          seen = event.id
        }
        if (events.length > 0) continue
        let silent = false
        const cancel = clock.after(KEEP_ALIVE_MS, () => {
          silent = true
          wake.resolve()
        })
        await wake.promise
        cancel()
        if (silent && !ended.signal.aborted) await write(": still here\n\n")
      }
    } catch (error) {
      if (!ended.signal.aborted) request.log.error(error)
    } finally {
      leave()
      streams.delete(ended)
      out.end()
    }
  })
}

/** The id after which the newest `count` come. */
async function beforeLatest(store: Store, count: number, filter: EventFilter): Promise<number | undefined> {
  const [first] = await store.events.latest(count, filter)
  return first && first.id - 1
}

function lastEventId(request: FastifyRequest): string | undefined {
  const id = request.headers["last-event-id"]
  return Array.isArray(id) ? id[0] : id
}

const frame = (event: EventRecord) => `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`
