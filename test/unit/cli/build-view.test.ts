import { stripVTControlCharacters } from "node:util"
import { expect, it } from "vitest"
import { containerBuildErrors } from "../../../src/build/containers/errors.ts"
import type { BuildEvent } from "../../../src/build/containers/events.ts"
import { buildView } from "../../../src/cli/images/build-view.ts"
import type { Clock } from "../../../src/util/clock.ts"
import { BifrostError } from "../../../src/util/errors.ts"

function fixture(isTTY: boolean) {
  let now = 0
  let text = ""
  const clock: Clock = { now: () => now, after: () => () => {}, sleep: async () => {} }
  const write = (more: string) => {
    text += more
  }
  const later = (ms: number) => {
    now += ms
  }
  const clear = () => {
    text = ""
  }
  return { view: buildView(5, { isTTY, columns: 80, write }, clock), later, text: () => text, clear }
}

const ended = (image: string, more: object): BuildEvent => ({
  kind: "end",
  image,
  result: { image, reference: `${image}:1`, seconds: 62, ...more } as Extract<BuildEvent, { kind: "end" }>["result"],
})
const failure = new BifrostError(containerBuildErrors.IMAGE_BUILD_FAILED, { detail: "nova\nlast line" })

const events: readonly BuildEvent[] = [
  { kind: "begin", image: "base" },
  { kind: "line", image: "base", line: "Step 3/4 : RUN apt-get update" },
  { kind: "line", image: "base", line: "Setting up curl" },
  { kind: "retry", image: "base", error: "Connection reset", seconds: 2 },
  ended("debian", { status: "unchanged", size: 1 }),
  ended("base", { status: "built", size: 136e6 }),
  ended("nova", { status: "failed", error: failure }),
  ended("nova-api", { status: "skipped", because: ["nova"] }),
]

it("prints a line for each thing that happens, where lines cannot be redrawn", () => {
  const { view, later, text } = fixture(false)
  for (const event of events) {
    later(1000)
    view.take(event)
  }
  view.end()
  expect(text()).toBe(`   1.0 s  ▸ base
   4.0 s  ↻ base                     again in 2 s: Connection reset
   6.0 s  ✔ base                     built in 1:02  136 MB
   7.0 s  ✘ nova                     failed after 1:02
   8.0 s  – nova-api                 not built: nova failed
`)
})

it("redraws the running images below those that have ended, on a terminal", () => {
  const { view, later, text, clear } = fixture(true)
  for (const event of events.slice(0, 3)) view.take(event)
  later(5000)
  clear()
  view.take(events[4]!)
  view.take(events[3]!)
  const shown = stripVTControlCharacters(text())
  expect(shown).toContain("↻ base                     again in 2 s")
  expect(shown).toMatch(/ base {21}████░░░░ {2}0:05 {2}Setting up curl\n 1 of 5 · 1 building {2}0:05\n$/)
  clear()
  view.end()
  // ANSI: two lines up, and all below erased.
  expect(text()).toBe("\u001b[2A\r\u001b[0J")
})
