import type { Store } from "../store/port.ts"
import type { EventRecord } from "../store/records.ts"
import type { Clock } from "../util/clock.ts"

/** The events of one node from a point on: first those in the store, then each as it comes, none twice, none lost. */
export interface Mailbox extends Disposable {
  /** The next event; undefined when `until` (ms since the epoch) passes first. Rejects with the signal's reason. */
  next(until: number, signal: AbortSignal): Promise<EventRecord | undefined>
}

export async function openMailbox(store: Store, node: string, after: number, clock: Clock): Promise<Mailbox> {
  const queue: EventRecord[] = []
  let wake = () => {}
  // Subscribed before the past is read, so that nothing falls between the two.
  const early: EventRecord[] = []
  let ready = false
  const unsubscribe = store.events.subscribe((event) => {
    if (event.node_uuid !== node) return
    if (!ready) return void early.push(event)
    queue.push(event)
    wake()
  })
  try {
    queue.push(...(await store.events.since(after, { node_uuid: node })))
  } catch (error) {
    unsubscribe()
    throw error
  }
  const known = queue.at(-1)?.id ?? after
  queue.push(...early.filter(({ id }) => id > known))
  ready = true

  return {
    async next(until, signal) {
      for (;;) {
        signal.throwIfAborted()
        const event = queue.shift()
        if (event) return event
        const left = until - clock.now()
        if (left <= 0) return undefined
        const { promise, resolve } = Promise.withResolvers<void>()
        const cancel = clock.after(left, resolve)
        const aborted = () => resolve()
        signal.addEventListener("abort", aborted)
        wake = resolve
        await promise
        cancel()
        signal.removeEventListener("abort", aborted)
      }
    },
    [Symbol.dispose]: unsubscribe,
  }
}
