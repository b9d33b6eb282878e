import { afterEach, expect, test, vi } from "vitest"
import { startHousekeeping } from "../../../src/service/housekeeping.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import { ManualClock } from "../conductor/manual-clock.ts"

const day = 24 * 60 * 60 * 1000
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

test("events of more than 30 days ago are forgotten, but of the last 10000", async () => {
  const clock = new ManualClock()
  const store = await openMemoryStore({ clock })
  closers.push(() => store.close())
  await store.transaction(async (inside) => {
    for (let n = 0; n < 10_003; n++) await inside.events.append({ kind: "x", node_uuid: null, run_id: null, data: {} })
  })
  const said: string[] = []
  const prune = vi.spyOn(store.events, "prune")
  closers.push(startHousekeeping({ store, clock, log: (line) => said.push(line) }))
  const pruned = (times: number) =>
    vi.waitFor(async () => {
      expect(prune).toHaveBeenCalledTimes(times)
      await prune.mock.results[times - 1]!.value
    })

  await pruned(1)
  clock.advance(30 * day)
  await pruned(2)
  expect(said).toEqual([])
  clock.advance(day)
  await pruned(3)
  expect(said).toEqual(["forgot 3 events from more than 30 days ago"])
  expect(await store.events.since(0)).toHaveLength(10_000)
})
