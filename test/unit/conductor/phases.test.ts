import { describe, expect, test } from "vitest"
import { openMailbox } from "../../../src/conductor/mailbox.ts"
import { type Phase, viewPhases } from "../../../src/conductor/phases.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import type { EventRecord } from "../../../src/store/records.ts"
import { ManualClock } from "./manual-clock.ts"

const phases: Phase[] = [
  { name: "one", event: "e.one", within: 100, check: "" },
  { name: "two", event: "e.two", within: 10, check: "" },
  { name: "three", event: "e.three", within: 1, check: "" },
]
const event = (kind: string, at: number) =>
  ({ id: at, at, kind, node_uuid: "n", run_id: null, data: {} }) as EventRecord

describe("viewPhases", () => {
  test("gives the first phase its time from the start", () => {
    expect(viewPhases(phases, 1000, [])).toMatchObject({ next: { name: "one" }, due: 1100 })
  })

  test("gives each later phase its time from the one before", () => {
    const view = viewPhases(phases, 1000, [event("e.one", 1050), event("other", 1055), event("e.one", 1059)])
    expect(view).toMatchObject({ next: { name: "two" }, due: 1060 })
    expect(view.phases).toEqual([
      { name: "one", at: 1050 },
      { name: "two", at: null },
      { name: "three", at: null },
    ])
  })

  test("takes a later phase for those before it, and a late earlier one for what it is", () => {
    const view = viewPhases(phases, 1000, [event("e.two", 1050), event("e.one", 1060)])
    expect(view).toMatchObject({ next: { name: "three" }, due: 1051 })
  })

  test("is over when the last phase shows", () => {
    expect(viewPhases(phases, 1000, [event("e.three", 1001)]).next).toBeUndefined()
  })

  test("gives the time anew to a wait that was taken up again", () => {
    expect(viewPhases(phases, 5000, [event("e.one", 1050)])).toMatchObject({ next: { name: "two" }, due: 5010 })
  })
})

describe("a mailbox", () => {
  const signal = new AbortController().signal

  test("gives past and coming events of its node once each, in order", async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore({ clock })
    const say = (kind: string, node_uuid = "n") => store.events.append({ kind, node_uuid, run_id: null, data: {} })
    const before = await say("before")
    await say("past")
    await say("strange", "m")
    {
      using mailbox = await openMailbox(store, "n", before.id, clock)
      await say("now")
      const coming = say("then")
      const kinds = []
      for (let n = 0; n < 3; n += 1) kinds.push((await mailbox.next(clock.now() + 1000, signal))?.kind)
      await coming
      expect(kinds).toEqual(["past", "now", "then"])
      const none = mailbox.next(clock.now() + 1000, signal)
      clock.advance(1000)
      expect(await none).toBeUndefined()
    }
    await store.close()
  })

  test("rejects with the reason when its signal aborts", async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore({ clock })
    using mailbox = await openMailbox(store, "n", 0, clock)
    const abort = new AbortController()
    const next = mailbox.next(clock.now() + 1000, abort.signal)
    abort.abort(new Error("enough"))
    await expect(next).rejects.toThrow("enough")
    await store.close()
  })
})
