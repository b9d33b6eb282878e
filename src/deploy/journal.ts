import type { StepJournal } from "../graph/journal.ts"
import type { Journal } from "../store/port.ts"

/** The store's journal as the graph wants it; `run` is the operation, hosts are the subjects. */
export function runJournal(journal: Journal, run: string): StepJournal {
  return {
    async cutOff() {
      const last = new Map((await journal.of(run)).map((entry) => [entry.step, entry.status]))
      return new Set([...last].filter(([, status]) => status === "running").map(([step]) => step))
    },
    async begin(step, changes) {
      const subject = step.split("/")[0] ?? step
      const data = {
        changes: changes.map(({ action, target, reason }) => ({ action, target, reason: reason ?? null })),
      }
      // A step that was cut off is told apart from its repetition: only the last entry of a step counts.
      const entry = await journal.begin({ operation: run, subject, step, data })
      return {
        end: ({ error }) =>
          journal.end(entry.id, error === undefined ? { status: "done" } : { status: "failed", error }),
      }
    },
  }
}
