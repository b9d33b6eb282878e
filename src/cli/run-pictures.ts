import { writeFile } from "node:fs/promises"
import type { Command } from "commander"
import type { EventRecord, RunRecord } from "../store/records.ts"
import { BifrostError } from "../util/errors.ts"
import type { Client } from "./client.ts"
import { cliErrors } from "./errors.ts"
import { examples } from "./examples.ts"
import { gantt } from "./show/gantt.ts"
import { ganttSvg } from "./show/gantt-svg.ts"
import { runDot } from "./show/run-dot.ts"
import { type RunTimeline, runTimeline } from "./show/run-timeline.ts"

export interface PictureFlags {
  readonly json?: boolean
  readonly svg?: string
}

/** `bifrost-ts run show --timeline`. */
export async function showTimeline(client: Client, run: RunRecord, { json, svg }: PictureFlags): Promise<void> {
  const timeline = await timelineOf(client, run)
  if (svg !== undefined) await write(svg, ganttSvg(timeline, `${run.kind} ${run.id.slice(0, 8)}`))
  else if (json) console.log(JSON.stringify(timeline, null, 2))
  else console.log(gantt(timeline, process.stdout.columns || 120).join("\n"))
}

/** `bifrost-ts run graph`. */
export function registerRunGraph(run: Command, find: (id: string | undefined) => Promise<[Client, RunRecord]>): void {
  run
    .command("graph")
    .argument("[run]", "its id, or the beginning of it; the latest when not given")
    .description("the steps of a deployment and what each comes after, in Graphviz' language or as a picture")
    .option("--svg <file>", "draw it into this file")
    .option("--json", "print the steps as JSON")
    .addHelpText("after", examples("run graph | dot -Tpdf > graph.pdf", "run graph --svg graph.svg"))
    .action(async (id: string | undefined, { json, svg }: PictureFlags) => {
      const timeline = await timelineOf(...(await find(id)))
      if (json) return console.log(JSON.stringify(timeline.steps, null, 2))
      const dot = runDot(timeline)
      if (svg === undefined) return console.log(dot)
      const { instance } = await import("@viz-js/viz")
      await write(svg, (await instance()).renderString(dot, { format: "svg" }))
    })
}

async function timelineOf(client: Client, run: RunRecord): Promise<RunTimeline> {
  const events: EventRecord[] = []
  for (;;) {
    const query = new URLSearchParams({ run: run.id, since: String(events.at(-1)?.id ?? 0) })
    const { events: page } = await client.get<{ events: EventRecord[] }>(`/v1/events?${query}`)
    if (page.length === 0) break
    events.push(...page)
  }
  const timeline = runTimeline(events, run.ended_at ?? Date.now())
  if (timeline) return timeline
  throw new BifrostError(cliErrors.NO_TIMELINE, { detail: `${run.kind} ${run.id}` })
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    throw new BifrostError(cliErrors.FILE_UNWRITABLE, { detail: file, cause })
  }
  console.log(file)
}
