import type { Clock } from "../util/clock.ts"

/** Steps that begin together share a look; one that waited long for others takes its own. */
const recentMs = 5000

export interface Recent<T> {
  (): Promise<T>
  /** What was seen is no longer so. */
  forget(): void
}

/** What `look` saw within the last seconds, or sees now. A failure is not kept. */
export function recent<T>(clock: Clock, look: () => Promise<T>): Recent<T> {
  let last: { readonly at: number; readonly seen: Promise<T> } | undefined
  const ask = () => {
    if (!last || clock.now() - last.at > recentMs) {
      const current = { at: clock.now(), seen: look() }
      last = current
      current.seen.catch(() => {
        if (last === current) last = undefined
      })
    }
    return last.seen
  }
  return Object.assign(ask, {
    forget() {
      last = undefined
    },
  })
}
