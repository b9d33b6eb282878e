import type { Command } from "commander"
import pc from "picocolors"
import type { EventRecord } from "../store/records.ts"
import { Client } from "./client.ts"
import { examples } from "./examples.ts"
import { wholeNumberOrZero } from "./options.ts"
import { timeOfDay } from "./show/text.ts"

interface Flags {
  readonly follow?: boolean
  readonly node?: string
  readonly run?: string
  readonly since?: number
  readonly json?: boolean
}

/** What --follow shows of the past, so that a reader sees where things are. */
const LATEST = 20

/** `bifrost-ts events [-f]`. */
export function registerEvents(program: Command): void {
  program
    .command("events")
    .description("what was seen and done, in its order")
    .option("-f, --follow", "go on with what comes")
    .option("--node <node>", "only of this node")
    .option("--run <id>", "only of this run")
    .option(
      "--since <id>",
      `only after the event of this id; without it, --follow begins with the last ${LATEST}`,
      wholeNumberOrZero,
    )
    .option("--json", "one JSON object a line")
    .addHelpText("after", examples("events -f", "events --node rack1-h1 --json", "events --since 1200"))
    .action(async ({ follow, node, run, since, json }: Flags) => {
      const client = new Client()
      const { nodes } = await client.get<{ nodes: { uuid: string; name: string | null }[] }>("/v1/nodes")
      const names = new Map(nodes.map(({ uuid, name }) => [uuid, name ?? uuid]))
      const print = (event: EventRecord) => console.log(json ? JSON.stringify(event) : showEvent(event, names))
      const filter = new URLSearchParams({ ...(node !== undefined && { node }), ...(run !== undefined && { run }) })
      if (follow) {
        const left = new AbortController()
        process.once("SIGINT", () => left.abort())
        if (since === undefined) filter.set("last", String(LATEST))
        else filter.set("since", String(since))
        for await (const event of await client.events(`/v1/events?${filter}`, left.signal)) print(event)
        return
      }
      for (let last = since ?? 0; ; ) {
        filter.set("since", String(last))
        const { events } = await client.get<{ events: EventRecord[] }>(`/v1/events?${filter}`)
        if (events.length === 0) return
        for (const event of events) print(event)
        last = events.at(-1)!.id
      }
    })
}

function showEvent({ at, kind, node_uuid, data }: EventRecord, names: ReadonlyMap<string, string>): string {
  const who = node_uuid === null ? "" : (names.get(node_uuid) ?? node_uuid)
  const what = Object.entries(data)
    .filter(([, value]) => value !== null && value !== "")
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
  return [pc.dim(timeOfDay(at)), who, pc.cyan(kind), ...what].filter((part) => part !== "").join("  ")
}
