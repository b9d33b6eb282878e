import type { Command } from "commander"
import type { RunRecord } from "../store/records.ts"
import { systemClock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { Client, path } from "./client.ts"
import { cliErrors } from "./errors.ts"
import { examples } from "./examples.ts"
import { type PictureFlags, registerRunGraph, showTimeline } from "./run-pictures.ts"
import { showOutcome } from "./show/run.ts"
import { elapsed } from "./show/text.ts"
import { table } from "./table.ts"
import { watchHere } from "./watch.ts"

interface JsonFlag {
  readonly json?: boolean
}

/** `bifrost-ts run list|show|graph|watch|abort`. */
export function registerRun(program: Command): void {
  const run = program.command("run").description("what provision and the deployer do, and did")
  const client = () => new Client()

  run
    .command("list")
    .description("all runs, the latest last")
    .option("--json", "print JSON")
    .addHelpText("after", examples("run list"))
    .action(async ({ json }: JsonFlag) => {
      const { runs } = await client().get<{ runs: RunRecord[] }>("/v1/runs")
      if (json) return console.log(JSON.stringify(runs, null, 2))
      if (runs.length === 0) return console.log("No run yet: bifrost-ts provision")
      const rows = runs.map(({ id, kind, request, status, started_at, ended_at }) => [
        ...[
          id,
          request["dry_run"] ? `${kind} (dry run)` : kind,
          status,
          new Date(started_at).toISOString().slice(0, 19).replace("T", " "),
        ],
        elapsed((ended_at ?? Date.now()) - started_at),
      ])
      console.log(table(["RUN", "KIND", "STATUS", "STARTED (UTC)", "TOOK"], rows))
    })

  run
    .command("show")
    .argument("[run]", "its id, or the beginning of it; the latest when not given")
    .description("how a run ended, and with --timeline where its time went")
    .option("--timeline", "when each step of the deployment was at work, and the critical path")
    .option("--svg <file>", "draw the timeline into this file")
    .option("--json", "print JSON")
    .addHelpText("after", examples("run show", "run show 3f2a --timeline", "run show --svg timeline.svg"))
    .action(async (id: string | undefined, { timeline, svg, json }: PictureFlags & { timeline?: boolean }) => {
      const found = await findRun(client(), id)
      if (timeline || svg !== undefined)
        return showTimeline(client(), found, { ...(json && { json }), ...(svg && { svg }) })
      if (json) return console.log(JSON.stringify(found, null, 2))
      console.log(
        found.status === "running" ? `${found.kind} ${found.id} is running: bifrost-ts run watch` : showOutcome(found),
      )
    })

  registerRunGraph(run, async (id) => [client(), await findRun(client(), id)])

  run
    .command("watch")
    .argument("[run]", "its id, or the beginning of it; the latest when not given")
    .description("watch a run until it ends; Ctrl-C leaves it to itself")
    .option("--json", "print the finished run as JSON")
    .addHelpText("after", examples("run watch"))
    .action(async (id: string | undefined, { json }: JsonFlag) => {
      const connected = client()
      await watchHere(connected, (await findRun(connected, id)).id, systemClock, json ?? false)
    })

  run
    .command("abort")
    .argument("[run]", "its id, or the beginning of it; the latest when not given")
    .description("end a run; nodes stay where they are, and what is done stays done")
    .addHelpText("after", examples("run abort"))
    .action(async (id: string | undefined) => {
      const found = await findRun(client(), id)
      const { status } = await client().post<RunRecord>(path`/v1/runs/${found.id}/abort`, {})
      console.log(`${found.id} is ${status}`)
    })
}

async function findRun(client: Client, id: string | undefined): Promise<RunRecord> {
  const { runs } = await client.get<{ runs: RunRecord[] }>("/v1/runs")
  const found = id === undefined ? runs.slice(-1) : runs.filter((run) => run.id.startsWith(id))
  if (found.length === 1) return found[0]!
  const detail = id === undefined ? "none was started yet" : `"${id}" fits ${found.length} of them`
  throw new BifrostError(cliErrors.NO_RUN, { detail })
}
