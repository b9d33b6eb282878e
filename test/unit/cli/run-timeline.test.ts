import { stripVTControlCharacters } from "node:util"
import { instance } from "@viz-js/viz"
import { describe, expect, test } from "vitest"
import { gantt } from "../../../src/cli/show/gantt.ts"
import { ganttSvg } from "../../../src/cli/show/gantt-svg.ts"
import { runDot } from "../../../src/cli/show/run-dot.ts"
import { runTimeline } from "../../../src/cli/show/run-timeline.ts"
import type { EventRecord, JsonObject } from "../../../src/store/records.ts"

const began = Date.parse("2026-03-01T17:00:00.000Z")
let id = 0
const event = (kind: string, seconds: number, data: JsonObject): EventRecord => ({
  ...{ id: ++id, at: began + seconds * 1000, kind, node_uuid: null, run_id: "r", data },
})
const begin = (step: string, at: number) => event("run.step", at, { step, phase: "begin" })
const end = (step: string, from: number, to: number, more: JsonObject = {}) =>
  event("run.step", to, {
    ...{ step, phase: "end", status: "changed", changes: [], waited: 0 },
    ...{ started_at: began + from * 1000, ended_at: began + to * 1000, ...more },
  })
const after = {
  "h1/prepare": [],
  "h1/pull/nova": ["h1/prepare"],
  "h1/database/nova": ["h1/prepare"],
  'h1/container/"<nova>"': ["h1/pull/nova", "h1/database/nova"],
  "h1/leftovers": ['h1/container/"<nova>"'],
}
const plan = (at: number) => event("run.plan", at, { dry_run: false, steps: Object.keys(after), after })
const create = [{ action: "create", target: "container nova", reason: null }]
const events = [
  plan(0),
  begin("h1/prepare", 0),
  end("h1/prepare", 0, 0.05, { status: "unchanged" }),
  end("h1/database/nova", 0.05, 2),
  end("h1/pull/nova", 0.05, 6, { waited: 2 }),
  end('h1/container/"<nova>"', 6, 10, { status: "failed", changes: create }),
  end("h1/leftovers", 10, 10, { status: "skipped" }),
]
const timeline = runTimeline(events, began + 60_000)!

describe("the timeline of a run", () => {
  test("is told by its events alone, with the critical path", () => {
    expect(timeline).toMatchObject({ seconds: 10, takenUp: 0 })
    expect(timeline.criticalPath).toEqual(["h1/prepare", "h1/pull/nova", 'h1/container/"<nova>"'])
    expect(timeline.steps.find(({ id: step }) => step === "h1/pull/nova")).toEqual({
      ...{ id: "h1/pull/nova", status: "changed", from: 0.05, to: 6, waited: 2, after: ["h1/prepare"] },
      ...{ critical: true, changes: [] },
    })
    expect(timeline.steps[3]!.changes).toEqual(["create container nova"])
  })

  test("of a run that goes on ends now; of one taken up again it is the last part", () => {
    const going = runTimeline([...events.slice(0, 4), plan(30), begin("h1/prepare", 31)], began + 36_000)!
    expect(going).toMatchObject({ seconds: 5, takenUp: 1 })
    expect(going.steps).toMatchObject([{ id: "h1/prepare", status: "running", from: 0, to: 5 }])
    expect(runTimeline([begin("x", 0)], began)).toBeUndefined()
    expect(runTimeline([plan(0)], began)).toMatchObject({ seconds: 0, steps: [] })
  })

  test("is drawn with a bar a step, where it waited and where it worked; what had nothing to do is counted", () => {
    const lines = gantt(timeline, 75).map(stripVTControlCharacters)
    expect(lines).toEqual([
      "▌h1/prepare                0.1 s  █",
      "▌h1/pull/nova              6.0 s  ░░░░░░░░████████████████",
      " h1/database/nova          1.9 s  ████████",
      '▌h1/container/"<nova>"     4.0 s                          ████████████████',
      "",
      "1 more step had nothing to do.",
      "10.0 s in all, of which 10.0 s on the critical path (▌):",
      '  h1/prepare → h1/pull/nova → h1/container/"<nova>"',
    ])
  })

  test("is a picture whose names cannot break out of it", () => {
    const svg = ganttSvg(timeline, "deploy & more")
    expect(svg).toContain("deploy &amp; more, 10.0 s")
    expect(svg).toContain("h1/container/&quot;&lt;nova&gt;&quot;: failed, 4.0 s\ncreate container nova")
    expect(svg).not.toContain("<nova>")
    expect(svg.match(/<g/g)).toHaveLength(4)
  })
})

test("the graph of a run is drawn by Graphviz, the critical path in red", async () => {
  const dot = runDot(timeline)
  expect(dot).toContain('"h1/prepare" -> "h1/pull/nova" [color=red, penwidth=2]')
  expect(dot).toContain('"h1/prepare" -> "h1/database/nova"\n')
  const svg = (await instance()).renderString(dot, { format: "svg" })
  expect(svg.match(/class="edge"/g)).toHaveLength(5)
  expect(svg).toContain("pull/nova")
})
