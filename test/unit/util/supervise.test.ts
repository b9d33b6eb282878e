import { expect, test } from "vitest"
import { systemClock } from "../../../src/util/clock.ts"
import { supervise } from "../../../src/util/supervise.ts"

/** Sleeps only as long as a turn of the event loop, whatever is asked. */
const hastyClock = { ...systemClock, sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(1, signal) }

test("a program that ends is started again, and stop() ends it for good", async () => {
  const seen: string[] = []
  const exits: string[] = []
  const twice = Promise.withResolvers<void>()
  const supervised = supervise("sh", ["-c", "echo started; exit 3"], {
    clock: hastyClock,
    onLine: (line) => seen.push(line),
    onExit: (how) => {
      exits.push(how)
      if (exits.length === 2) twice.resolve()
    },
  })
  await twice.promise
  await supervised.stop()
  expect(seen.slice(0, 2)).toEqual(["started", "started"])
  expect(exits.slice(0, 2)).toEqual(["exit 3", "exit 3"])
  const count = exits.length
  await systemClock.sleep(30)
  expect(exits.length).toBe(count)
})

test("stop() kills a program that ignores SIGTERM", async () => {
  const ready = Promise.withResolvers<void>()
  const supervised = supervise("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"], {
    clock: systemClock,
    graceMs: 50,
    onLine: () => ready.resolve(),
  })
  await ready.promise
  await expect(supervised.stop()).resolves.toBeUndefined()
})
