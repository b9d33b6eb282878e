import type { StepResult } from "./result.ts"
import type { Step } from "./step.ts"

/** The chain through the graph whose durations sum up highest. No step stands before one that it comes after. */
export function criticalPath(
  steps: readonly Pick<Step, "id" | "after">[],
  results: ReadonlyMap<string, Pick<StepResult, "startedAt" | "endedAt">>,
): string[] {
  const best = new Map<string, { total: number; previous: string | undefined }>()
  let last: string | undefined
  for (const { id, after } of steps) {
    const result = results.get(id)
    const own = result ? result.endedAt - result.startedAt : 0
    let previous: string | undefined
    for (const other of after) if (!previous || best.get(other)!.total > best.get(previous)!.total) previous = other
    best.set(id, { total: own + (previous ? best.get(previous)!.total : 0), previous })
    if (last === undefined || best.get(id)!.total > best.get(last)!.total) last = id
  }
  const path: string[] = []
  for (let at = last; at !== undefined; at = best.get(at)!.previous) path.unshift(at)
  return path
}
