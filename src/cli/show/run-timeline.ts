import { criticalPath } from "../../graph/critical-path.ts"
import type { StepResult } from "../../graph/result.ts"
import { type EventRecord, isObject } from "../../store/records.ts"

/** When each step of a deployment began and ended, in seconds after the first. */
export interface RunTimeline {
  readonly seconds: number
  /** In the order in which they began. */
  readonly steps: readonly TimelineStep[]
  /** The chain of steps whose lengths add up to the longest time, first to last. */
  readonly criticalPath: readonly string[]
  /** How often the run was taken up again after the service had died; what is told is the last part. */
  readonly takenUp: number
}

export interface TimelineStep {
  readonly id: string
  readonly status: StepResult["status"] | "running"
  readonly from: number
  readonly to: number
  /** Seconds of these in which a resource was not free. */
  readonly waited: number
  readonly after: readonly string[]
  readonly critical: boolean
  /** What it changed, or would change: `create container keystone`. */
  readonly changes: readonly string[]
}

/** Of a run's events, oldest first; undefined when no deployment is among them. `now` ends what is under way. */
export function runTimeline(events: readonly EventRecord[], now: number): RunTimeline | undefined {
  const plans = events.filter(({ kind }) => kind === "run.plan")
  const plan = plans.at(-1)
  if (!plan) return undefined
  const after = isObject(plan.data["after"]) ? plan.data["after"] : {}
  const seen = new Map<string, Seen>()
  for (const { kind, data, at } of events.slice(events.indexOf(plan))) {
    if (kind !== "run.step") continue
    const id = String(data["step"])
    if (data["phase"] === "begin")
      seen.set(id, { status: "running", startedAt: at, endedAt: now, waited: 0, changes: [] })
    if (data["phase"] === "end") seen.set(id, ended(data, at))
  }

  const order = Object.entries(after).map(([id, others]) => ({ id, after: texts(others) }))
  const path = criticalPath(order, seen)
  const began = Math.min(...[...seen.values()].map(({ startedAt }) => startedAt))
  const since = (at: number) => (at - began) / 1000
  const steps = order.flatMap(({ id, after: others }): TimelineStep[] => {
    const { status, startedAt, endedAt, waited, changes } = seen.get(id) ?? {}
    if (!status || startedAt === undefined || endedAt === undefined) return []
    const when = { from: since(startedAt), to: since(endedAt), waited: waited ?? 0 }
    return [{ id, status, ...when, after: others, critical: path.includes(id), changes: changes ?? [] }]
  })
  return {
    seconds: Math.max(0, ...steps.map(({ to }) => to)),
    steps: steps.sort((a, b) => a.from - b.from),
    criticalPath: path,
    takenUp: plans.length - 1,
  }
}

interface Seen {
  readonly status: TimelineStep["status"]
  readonly startedAt: number
  readonly endedAt: number
  readonly waited: number
  readonly changes: readonly string[]
}

function ended(data: EventRecord["data"], at: number): Seen {
  const number = (name: string, otherwise: number) => (typeof data[name] === "number" ? data[name] : otherwise)
  const changes = Array.isArray(data["changes"]) ? data["changes"] : []
  return {
    status: data["status"] as StepResult["status"],
    startedAt: number("started_at", at),
    endedAt: number("ended_at", at),
    waited: number("waited", 0),
    changes: changes.flatMap((change) => (isObject(change) ? [`${change["action"]} ${change["target"]}`] : [])),
  }
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
