import { appendFileSync, existsSync, readFileSync } from "node:fs"
import type { NewEvent, Store } from "../../../src/store/port.ts"

/**
 * The store, in a process that dies by SIGKILL at given points, at each once (the file remembers across processes):
 * `begin STEP` and `end STEP` inside the transaction that journals them, before it is committed; `begun STEP`,
 * `ended STEP` and `said KIND` after the commit.
 */
export function crashingStore(store: Store, points: readonly string[], file: string): Store {
  const died = new Set(existsSync(file) ? readFileSync(file, "utf8").split("\n") : [])
  const dieAt = (point: string) => {
    if (!points.includes(point) || died.has(point)) return
    appendFileSync(file, `${point}\n`)
    process.kill(process.pid, "SIGKILL")
  }
  const saysOf = ({ kind, data }: Pick<NewEvent, "kind" | "data">) =>
    kind === "step.start" ? `begun ${data["step"]}` : kind === "step.end" ? `ended ${data["step"]}` : `said ${kind}`

  const steps = new Map<number, string>()
  const wrap = (inner: Store): Store => ({
    ...inner,
    journal: {
      ...inner.journal,
      async begin(entry) {
        const begun = await inner.journal.begin(entry)
        steps.set(begun.id, entry.step)
        dieAt(`begin ${entry.step}`)
        return begun
      },
      async of(operation) {
        const entries = await inner.journal.of(operation)
        for (const { id, step } of entries) steps.set(id, step)
        return entries
      },
      async end(id, outcome) {
        await inner.journal.end(id, outcome)
        dieAt(`end ${steps.get(id)}`)
      },
    },
    transaction: (work) => inner.transaction((nested) => work(wrap(nested))),
  })
  // First to subscribe, hence first to hear: nothing in the process has acted on the event yet.
  store.events.subscribe((event) => dieAt(saysOf(event)))
  return wrap(store)
}
