import type { Change } from "./step.ts"

/** Where a run records its steps, so that another process can go on with it. */
export interface StepJournal {
  /** Ids of steps that were being applied when an earlier process of this run died. */
  cutOff(): Promise<ReadonlySet<string>>
  begin(step: string, changes: readonly Change[]): Promise<StepRecord>
}

export interface StepRecord {
  end(outcome: { readonly error?: string }): Promise<void>
}
