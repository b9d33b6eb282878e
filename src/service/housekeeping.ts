import type { Store } from "../store/port.ts"
import type { Clock } from "../util/clock.ts"
import { messageOf } from "../util/errors.ts"

const DAY_MS = 24 * 60 * 60 * 1000
/** Long enough to ask what happened last month, … */
const KEPT_MS = 30 * DAY_MS
/** … and a site where little happens keeps its history for longer. */
const KEPT_EVENTS = 10_000

export interface HousekeepingOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: (line: string) => void
}

/** Forgets old events, now and then once a day. The returned function ends it, when what is under way is done. */
export function startHousekeeping({ store, clock, log }: HousekeepingOptions): () => Promise<void> {
  const ending = new AbortController()
  const days = async () => {
    while (!ending.signal.aborted) {
      try {
        const forgotten = await store.events.prune(clock.now() - KEPT_MS, KEPT_EVENTS)
        if (forgotten > 0) log(`forgot ${forgotten} events from more than ${KEPT_MS / DAY_MS} days ago`)
      } catch (error) {
        log(`old events were not removed: ${messageOf(error)}`)
      }
      await clock.sleep(DAY_MS, ending.signal).catch(() => {})
    }
  }
  const done = days()
  return () => {
    ending.abort()
    return done
  }
}
