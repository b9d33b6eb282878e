import type { StepGraph } from "./graph.ts"
import type { StepResult } from "./result.ts"

/** The chain through the graph whose durations sum up highest. */
export function criticalPath(graph: StepGraph, results: ReadonlyMap<string, StepResult>): string[] {
  const best = new Map<string, { total: number; previous: string | undefined }>()
  let last: string | undefined
  for (const { id, after } of graph.steps) {
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
