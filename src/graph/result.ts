import type { Change } from "./step.ts"

export interface StepResult {
  readonly id: string
  /** `planned` is what a dry run says of a step with changes. */
  readonly status: "unchanged" | "planned" | "changed" | "failed" | "skipped"
  readonly changes: readonly Change[]
  /** ms since the epoch; equal when the step was skipped. */
  readonly startedAt: number
  readonly endedAt: number
  /** ms of these in which it was ready and a resource was not free. */
  readonly waited: number
  readonly error?: unknown
  /** Of a skipped step: the failed steps that it waited for. */
  readonly because?: readonly string[]
}

export type GraphEvent =
  | { readonly kind: "begin"; readonly step: string }
  | { readonly kind: "apply"; readonly step: string; readonly changes: readonly Change[] }
  | { readonly kind: "end"; readonly step: string; readonly result: StepResult }

export interface GraphResult {
  /** In the order in which they ended. */
  readonly steps: readonly StepResult[]
  /** The chain of steps whose lengths add up to the longest time, first to last: what to make faster. */
  readonly criticalPath: readonly string[]
}
