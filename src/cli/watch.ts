import pc from "picocolors"
import type { Explanation } from "../api/ports.ts"
import type { EventRecord, RunRecord } from "../store/records.ts"
import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { type Client, path } from "./client.ts"
import { cliErrors, exitCodes } from "./errors.ts"
import { phaseOf, showOutcome, showRun } from "./show/run.ts"
import { emptyDeploy, type RunView, takeDeployEvent, takeExplanation } from "./show/run-view.ts"
import { timeOfDay } from "./show/text.ts"

export interface WatchOutput {
  /** Redraws in place when true; else a line for each thing that changes. */
  readonly live: boolean
  readonly width: () => number
  write(text: string): void
}

const TICK_MS = 1000
/** How long events are gathered before nodes are asked anew. */
const GATHER_MS = 200

/**
 * Shows a run until it ends, then its outcome; returns the exit code. Learns from the service's events when to look again, so
 * it asks nothing while nothing happens. When `detach` aborts it leaves, and the run goes on.
 */
export async function watchRun(
  client: Client,
  id: string,
  clock: Clock,
  out: WatchOutput,
  detach: AbortSignal,
): Promise<number> {
  const ending = new AbortController()
  const signal = AbortSignal.any([detach, ending.signal])
  // Opened before anything is read, so that no change falls between.
  const stream = await client.events("/v1/events", signal)
  const view = await readView(client, id)
  const screen = screenOn(out)
  const stale = new Set(view.nodes.map(({ uuid }) => uuid))

  const look = async () => {
    for (const node of view.nodes.filter(({ uuid }) => stale.has(uuid))) {
      stale.delete(node.uuid)
      const moved = takeExplanation(
        node,
        await client.get<Explanation>(path`/v1/nodes/${node.uuid}/explain`),
        clock.now(),
      )
      const { state, last_error } = node.explanation!
      const words = [node.name, state, phaseOf(node), last_error].filter(Boolean)
      if (moved) screen.line(`${timeOfDay(clock.now())} ${words.join("  ")}`)
    }
    view.run = await client.get<RunRecord>(path`/v1/runs/${id}`)
    draw()
  }
  const draw = () => screen.draw(() => showRun(view, clock.now(), out.width()))

  const known = new Set(view.nodes.map(({ uuid }) => uuid))
  let gathering: Promise<void> | undefined
  let failure: unknown
  const ended = () => view.run.status !== "running"
  const gather = () => {
    gathering ??= clock
      .sleep(GATHER_MS, signal)
      .then(() => {
        gathering = undefined
        return look()
      })
      .catch((error) => {
        if (!signal.aborted) failure = error
      })
      .finally(() => {
        if (failure !== undefined || ended()) ending.abort()
      })
  }
  const tick = async () => {
    while (!signal.aborted) {
      await clock.sleep(TICK_MS, signal).catch(() => {})
      if (!signal.aborted) draw()
    }
  }

  await look()
  if (!ended()) {
    const ticking = out.live ? tick() : Promise.resolve()
    for await (const event of stream) {
      if (event.run_id === id) tellDeploy(view, event, screen, clock.now())
      if (event.node_uuid !== null && known.has(event.node_uuid)) stale.add(event.node_uuid)
      if (event.run_id === id || (event.node_uuid !== null && known.has(event.node_uuid))) gather()
    }
    await gathering
    ending.abort()
    await ticking
  }
  if (failure !== undefined) throw failure
  ending.abort()
  if (!ended() && !detach.aborted) throw new BifrostError(cliErrors.SERVICE_LOST, { detail: `run ${id} was watched` })
  if (!ended()) {
    const left = `\nLeft; run ${id} goes on. Watch it: bifrost-ts run watch ${id}   End it: bifrost-ts run abort ${id}\n`
    out.write(left)
    return exitCodes.detached
  }
  draw()
  out.write(`\n${showOutcome(view.run)}\n`)
  return view.run.status === "succeeded" ? exitCodes.done : exitCodes.failed
}

async function readView(client: Client, id: string): Promise<RunView> {
  const run = await client.get<RunRecord>(path`/v1/runs/${id}`)
  const deploy = emptyDeploy()
  for (let last = 0; ; ) {
    const { events } = await client.get<{ events: EventRecord[] }>(`${path`/v1/events?run=${id}`}&since=${last}`)
    for (const event of events) takeDeployEvent(deploy, event)
    if (events.length === 0) break
    last = events.at(-1)!.id
  }
  const { nodes } = await client.get<{ nodes: { uuid: string; name: string | null; maintenance: boolean }[] }>(
    "/v1/nodes",
  )
  const asked = run.request["nodes"]
  const chosen = Array.isArray(asked) && asked.length > 0 ? asked : undefined
  const mine = nodes.filter((node) =>
    chosen ? chosen.includes(node.uuid) || chosen.includes(node.name) : !node.maintenance,
  )
  const views = mine.map(({ uuid, name }) => ({
    uuid,
    name: name ?? uuid,
    explanation: undefined,
    since: run.started_at,
  }))
  return { run, nodes: run.kind === "provision" ? views : [], deploy }
}

function tellDeploy(view: RunView, event: EventRecord, screen: Screen, now: number): void {
  takeDeployEvent(view.deploy, event)
  if (event.kind === "run.warning") screen.line(`${timeOfDay(now)} warning  ${event.data["text"]}`)
  if (event.kind !== "run.step" || event.data["phase"] !== "end") return
  const { step, status, seconds, error } = event.data
  screen.line([timeOfDay(now), "deploy", step, status, `${seconds} s`, error].filter(Boolean).join("  "))
}

interface Screen {
  /** Something that happened; shown where lines are not redrawn. */
  line(text: string): void
  /** How things stand; shown where lines can be redrawn. */
  draw(lines: () => string[]): void
}

function screenOn(out: WatchOutput): Screen {
  if (!out.live) return { line: (text) => out.write(`${text}\n`), draw: () => {} }
  let drawn = 0
  return {
    line: () => {},
    draw(lines) {
      const text = lines()
      // ANSI: up by what stands there, then each line anew, and what is left below erased.
      const up = drawn > 0 ? `\u001b[${drawn}A` : ""
      out.write(`${up}${text.map((line) => `\r\u001b[2K${line}\n`).join("")}\u001b[0J`)
      drawn = text.length
    },
  }
}

/** Watches on this terminal. Ctrl-C leaves; a second one ends at once. */
export async function watchHere(client: Client, id: string, clock: Clock, json: boolean): Promise<void> {
  const detach = new AbortController()
  process.once("SIGINT", () => detach.abort(new Error("left")))
  const stream = json ? process.stderr : process.stdout
  const out: WatchOutput = {
    live: stream.isTTY === true,
    width: () => stream.columns || 120,
    write: (text) => void stream.write(text),
  }
  if (out.live) out.write(pc.dim(`run ${id}; Ctrl-C leaves it to itself\n`))
  process.exitCode = await watchRun(client, id, clock, out, detach.signal)
  if (json) console.log(JSON.stringify(await client.get<RunRecord>(path`/v1/runs/${id}`), null, 2))
}
