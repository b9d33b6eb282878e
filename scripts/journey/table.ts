import type { Leg } from "../../src/cli/show/timeline.ts"
import type { StageTime } from "./run.ts"

export interface Measured {
  readonly stages: readonly StageTime[]
  /** By node: the legs of its deploy. */
  readonly nodes: Readonly<Record<string, readonly Leg[]>>
}

/** Seconds of each stage, and for each node the second of its deploy at which each phase ended. */
export function tableOf({ stages, nodes }: Measured): string[] {
  const names = Object.keys(nodes)
  const phases = [...new Set(names.flatMap((name) => (nodes[name] ?? []).map(({ phase }) => phase)))]
  const width = Math.max(9, ...names.map((name) => name.length + 2))
  const cell = (value: number | undefined) => (value === undefined ? "–" : value.toFixed(1)).padStart(width)
  const at = (name: string, phase: string) => nodes[name]?.find((leg) => leg.phase === phase)?.at
  return [
    `${"STAGE".padEnd(28)}${"SECONDS".padStart(width)}`,
    ...stages.map(({ stage, seconds }) => `${stage.padEnd(28)}${cell(seconds)}`),
    "",
    `${"SECONDS AFTER DEPLOY".padEnd(28)}${names.map((name) => name.padStart(width)).join("")}`,
    ...phases.map((phase) => `${phase.padEnd(28)}${names.map((name) => cell(at(name, phase))).join("")}`),
  ]
}
