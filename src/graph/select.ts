import { BifrostError } from "../util/errors.ts"
import { graphErrors } from "./errors.ts"
import { StepGraph } from "./graph.ts"
import { type Change, changeWords, type Step } from "./step.ts"

/**
 * The graph in which only `targets` are applied. All that they come after is inspected, at once, and has to be as wanted
 * already: a target that rests on something else is not begun, and the failure names what would have changed.
 */
export function guarded(graph: StepGraph, targets: ReadonlySet<string>): StepGraph {
  const guards = new Map<string, ReadonlySet<string>>()
  for (const { id, after } of graph.steps) {
    const behind = new Set(after.flatMap((other) => [...guards.get(other)!]))
    for (const other of after) if (!targets.has(other)) behind.add(other)
    guards.set(id, behind)
  }
  const needed = new Set([...targets].flatMap((id) => [...(guards.get(id) ?? [])]))
  return new StepGraph(
    graph.steps
      .filter(({ id }) => targets.has(id) || needed.has(id))
      .map((step) => {
        if (!targets.has(step.id)) return guard(step)
        const { lenient: _, ...strict } = step
        return { ...strict, after: [...step.after.filter((id) => targets.has(id)), ...guards.get(step.id)!] }
      }),
  )
}

function guard(step: Step): Step<readonly Change[]> {
  return {
    id: step.id,
    after: [],
    async inspect(signal) {
      const changes = step.plan(await step.inspect(signal))
      if (changes.length === 0) return changes
      throw new BifrostError(graphErrors.STEP_LEFT_OUT, {
        detail: `${step.id}: ${changes.map(changeWords).join(", ")}`,
      })
    },
    plan: (changes) => changes,
    apply: async () => {},
  }
}

/** The graph of `targets` alone; what is left out between two of them still orders them. */
export function contracted(graph: StepGraph, targets: ReadonlySet<string>): StepGraph {
  const nearest = new Map<string, ReadonlySet<string>>()
  for (const { id, after } of graph.steps) {
    nearest.set(id, new Set(after.flatMap((other) => (targets.has(other) ? [other] : [...nearest.get(other)!]))))
  }
  const kept = graph.steps.filter(({ id }) => targets.has(id))
  return new StepGraph(kept.map((step) => ({ ...step, after: [...nearest.get(step.id)!] })))
}
