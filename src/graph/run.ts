import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { criticalPath } from "./critical-path.ts"
import { graphErrors } from "./errors.ts"
import type { StepGraph } from "./graph.ts"
import type { StepJournal } from "./journal.ts"
import { Resources } from "./resources.ts"
import type { GraphEvent, GraphResult, StepResult } from "./result.ts"
import { changeWords, type Step } from "./step.ts"

export interface GraphOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Inspect and plan only; nothing is written. */
  readonly dryRun?: boolean
  readonly journal?: StepJournal
  /** How many steps may use a resource at a time while they are applied; without a word on it, one. */
  readonly limit?: (resource: string) => number
  readonly onEvent?: (event: GraphEvent) => void
}

/**
 * Runs each step as soon as all that it comes after has succeeded; it is applied as soon as its resources are free, which
 * those get first that the longest chain waits for. A failure skips only what depends on it; the rest goes on. Rejects only
 * when the signal aborts (after the running steps have ended) or the journal fails; failed steps are in the result.
 */
export async function runGraph(graph: StepGraph, options: GraphOptions): Promise<GraphResult> {
  const results = new Map<string, StepResult>()
  const waiting = new Set(graph.byUrgency)
  const running = new Map<string, Promise<void>>()
  const resources = new Resources(options.limit ?? (() => 1))
  const cutOff = (await options.journal?.cutOff()) ?? new Set<string>()
  let broken: { cause: unknown } | undefined
  /** Nothing more is started: what a step still waits for may never end. */
  const stop = new AbortController()
  const stopped = AbortSignal.any([options.signal, stop.signal])
  const ended = new Map(graph.steps.map(({ id }) => [id, Promise.withResolvers<StepResult>()]))

  const settle = (result: StepResult) => {
    results.set(result.id, result)
    ended.get(result.id)?.resolve(result)
    options.onEvent?.({ kind: "end", step: result.id, result })
  }
  const start = (step: Step) => {
    waiting.delete(step)
    const lenient = () => unlessAborted(Promise.all(lenientIds(step).map((id) => ended.get(id)!.promise)), stopped)
    const work = runStep(step, { wasCutOff: cutOff.has(step.id), resources, lenient }, options)
      .then(settle, (cause) => {
        broken ??= { cause }
        stop.abort(cause)
      })
      .finally(() => running.delete(step.id))
    running.set(step.id, work)
  }

  for (;;) {
    if (!broken && !options.signal.aborted) {
      // In this order, too, none stands before what it comes after, so one pass carries a failure to the end of its chain.
      for (const step of waiting) {
        const lenient = lenientIds(step)
        const firm = step.after.filter((id) => !lenient.includes(id))
        const because = failedOf(firm.flatMap((id) => results.get(id) ?? []))
        if (because.length > 0) {
          waiting.delete(step)
          const now = options.clock.now()
          settle({ id: step.id, status: "skipped", changes: [], startedAt: now, endedAt: now, waited: 0, because })
        } else if (firm.every((id) => results.has(id))) start(step)
      }
    }
    if (running.size === 0) break
    await Promise.race(running.values())
  }
  if (broken) throw broken.cause
  options.signal.throwIfAborted()
  return { steps: [...results.values()], criticalPath: criticalPath(graph.steps, results) }
}

const lenientIds = ({ after, lenient }: Step) => (lenient?.ids ?? []).filter((id) => after.includes(id))

const failedOf = (results: readonly StepResult[]) =>
  results.filter(({ status }) => status === "failed" || status === "skipped").map(({ id }) => id)

/** The promise's outcome, or the reason of an abort that comes first. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener("abort", onAbort, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", onAbort))
}

interface Surroundings {
  readonly wasCutOff: boolean
  readonly resources: Resources
  /** What became of the steps that only some changes wait for. */
  readonly lenient: () => Promise<readonly StepResult[]>
}

async function runStep(
  step: Step,
  { wasCutOff, resources, lenient }: Surroundings,
  options: GraphOptions,
): Promise<StepResult> {
  const { clock, signal } = options
  const base = { id: step.id, startedAt: clock.now(), waited: 0 }
  options.onEvent?.({ kind: "begin", step: step.id })
  let changes: StepResult["changes"] = []
  try {
    changes = step.plan(await step.inspect(signal))
    if (options.dryRun) {
      return { ...base, status: changes.length > 0 ? "planned" : "unchanged", changes, endedAt: clock.now() }
    }
    if (changes.length === 0 && !wasCutOff) return { ...base, status: "unchanged", changes, endedAt: clock.now() }
  } catch (error) {
    return { ...base, status: "failed", changes, endedAt: clock.now(), error }
  }
  let ready = clock.now()
  let release: () => void
  try {
    if (step.lenient?.waits(changes)) {
      const because = failedOf(await lenient())
      // It begins anew, so that its length is its own.
      base.startedAt = ready = clock.now()
      if (because.length > 0) return { ...base, status: "skipped", changes: [], endedAt: ready, because }
    }
    release = await resources.take((changes.length > 0 && step.resources?.(changes)) || [], signal)
  } catch (error) {
    return { ...base, status: "failed", changes, endedAt: clock.now(), error }
  }
  base.waited = clock.now() - ready
  try {
    return await applyStep(step, changes, base, options)
  } finally {
    release()
  }
}

async function applyStep(
  step: Step,
  changes: StepResult["changes"],
  base: Pick<StepResult, "id" | "startedAt" | "waited">,
  { clock, signal, journal, onEvent }: GraphOptions,
): Promise<StepResult> {
  // A journal that cannot be written ends the run: what is not recorded could not be resumed.
  const record = await journal?.begin(step.id, changes)
  try {
    if (changes.length > 0) {
      onEvent?.({ kind: "apply", step: step.id, changes })
      await step.apply(changes, signal)
      const left = step.plan(await step.inspect(signal))
      if (left.length > 0) {
        const detail = `${step.id}: ${left.map(changeWords).join(", ")}`
        throw new BifrostError(graphErrors.STEP_NOT_CONVERGED, { detail })
      }
    }
    await step.verify?.(signal)
  } catch (error) {
    // An abort is no outcome: the step stays "running" in the journal, as after a death, and a resumed run repeats it.
    if (!signal.aborted) await record?.end({ error: error instanceof Error ? error.message : String(error) })
    return { ...base, status: "failed", changes, endedAt: clock.now(), error }
  }
  await record?.end({})
  return { ...base, status: changes.length > 0 ? "changed" : "unchanged", changes, endedAt: clock.now() }
}
