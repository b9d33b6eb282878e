import type { Command } from "commander"
import pc from "picocolors"
import type { EventRecord } from "../store/records.ts"
import { Client } from "./client.ts"
import { examples } from "./examples.ts"
import { type Leg, lastDeploy } from "./show/timeline.ts"

/** `bifrost-ts timeline NODE`: where the seconds of its last deploy went. */
export function registerTimeline(program: Command): void {
  program
    .command("timeline")
    .description("where the seconds of a node's last deploy went")
    .argument("<node>", "name or uuid")
    .option("--json", "print JSON")
    .addHelpText("after", examples("timeline rack1-h1", "timeline rack1-h1 --json"))
    .action(async (node: string, { json }: { json?: boolean }) => {
      const legs = lastDeploy(await allEvents(new Client(), node))
      if (json) console.log(JSON.stringify(legs, null, 2))
      else if (legs.length === 0) console.log(`${node} has not been deployed yet.`)
      else console.log(drawn(legs).join("\n"))
    })
}

async function allEvents(client: Client, node: string): Promise<EventRecord[]> {
  const all: EventRecord[] = []
  for (;;) {
    const query = new URLSearchParams({ node, since: String(all.at(-1)?.id ?? 0) })
    const { events } = await client.get<{ events: EventRecord[] }>(`/v1/events?${query}`)
    if (events.length === 0) return all
    all.push(...events)
  }
}

const barWidth = 40

/** One line a leg, with a bar where in the whole it lies. */
function drawn(legs: readonly Leg[]): string[] {
  const scale = barWidth / (legs.at(-1)?.at || 1)
  const named = legs.map((leg) => ({ ...leg, name: leg.how === undefined ? leg.phase : `${leg.phase}: ${leg.how}` }))
  const width = Math.max(...named.map(({ name }) => name.length))
  return named.map(({ name, at, took }) => {
    const from = Math.round((at - took) * scale)
    const bar = " ".repeat(from) + "█".repeat(Math.max(1, Math.round(at * scale) - from))
    const numbers = `${at.toFixed(1).padStart(7)} s ${pc.dim(`+${took.toFixed(1)}`.padStart(8))}`
    return `${name.padEnd(width)} ${numbers}  ${pc.cyan(bar)}`
  })
}
