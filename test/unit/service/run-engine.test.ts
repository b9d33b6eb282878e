import { expect, test } from "vitest"
import { RunEngine, type RunKind } from "../../../src/service/runs/engine.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import type { Store } from "../../../src/store/port.ts"
import { systemClock } from "../../../src/util/clock.ts"

function ended(store: Store, id: string) {
  return new Promise<string>((resolve) => {
    store.events.subscribe((event) => {
      if (event.kind === "run.end" && event.run_id === id) resolve(String(event.data["status"]))
    })
  })
}

const waits: RunKind = {
  check: async () => {},
  execute: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
}
const engineFor = (store: Store, kinds: Record<string, RunKind>) => new RunEngine({ store, clock: systemClock, kinds })

test("a run that ends is stored with its result; one that throws keeps the error", async () => {
  const store = await openMemoryStore()
  const engine = engineFor(store, {
    good: { check: async () => {}, execute: async ({ run }) => ({ echo: run.request["word"] ?? null }) },
    bad: {
      check: async () => {},
      execute: async () => {
        throw new Error("the disk is full")
      },
    },
  })
  const good = await engine.start({ kind: "good", word: "x" })
  expect(await ended(store, good.id)).toBe("succeeded")
  expect(await store.runs.find(good.id)).toMatchObject({ status: "succeeded", result: { echo: "x" } })
  const bad = await engine.start({ kind: "bad" })
  expect(await ended(store, bad.id)).toBe("failed")
  expect((await store.runs.find(bad.id))?.result).toEqual({ error: "the disk is full" })
})

test("a second run is refused while one is under way, and an abort ends it", async () => {
  const store = await openMemoryStore()
  const engine = engineFor(store, { waits })
  const run = await engine.start({ kind: "waits" })
  await expect(engine.start({ kind: "waits" })).rejects.toMatchObject({ code: "RUN_BUSY" })
  expect((await engine.abort(run.id)).status).toBe("aborted")
  await expect(engine.abort("nosuch")).rejects.toMatchObject({ code: "RUN_UNKNOWN" })
  await expect(engine.start({ kind: "waits" })).resolves.toMatchObject({ status: "running" })
})

test("a run that stop() interrupted is taken up by the next process", async () => {
  const store = await openMemoryStore()
  const first = engineFor(store, { job: waits })
  const run = await first.start({ kind: "job" })
  await first.stop()
  expect((await store.runs.find(run.id))?.status).toBe("running")

  const second = engineFor(store, { job: { check: async () => {}, execute: async () => ({ resumed: true }) } })
  const end = ended(store, run.id)
  await second.resume()
  expect(await end).toBe("succeeded")
  expect((await store.runs.find(run.id))?.result).toEqual({ resumed: true })
})

test("a kind that does not exist is refused before anything is stored", async () => {
  const store = await openMemoryStore()
  await expect(engineFor(store, { waits }).start({ kind: "dance" })).rejects.toThrow(/kind "dance" \(expected waits\)/)
  expect(await store.runs.list()).toEqual([])
})
