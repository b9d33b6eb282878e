import { stripVTControlCharacters } from "node:util"
import { describe, expect, test } from "vitest"
import type { Explanation } from "../../../src/api/ports.ts"
import { showExplanation } from "../../../src/cli/show/explanation.ts"
import * as show from "../../../src/cli/show/run.ts"
import { emptyDeploy, takeDeployEvent } from "../../../src/cli/show/run-view.ts"
import { bar, bytes, elapsed, timeOfDay } from "../../../src/cli/show/text.ts"
import type { EventRecord, RunRecord } from "../../../src/store/records.ts"

// Colours depend on the terminal that runs the tests.
const showRun = (...args: Parameters<typeof show.showRun>) => show.showRun(...args).map(stripVTControlCharacters)
const showOutcome = (ended: RunRecord) => stripVTControlCharacters(show.showOutcome(ended))

const now = Date.parse("2026-03-01T17:03:23.000Z")
const resting: Explanation = {
  ...{ node: "h1", state: "active", target: null, step: null, attempt: null, waiting_for: null, phases: [] },
  ...{ progress: null, due_by: null, or_else: null, check: null, last_error: null },
}
const waiting: Explanation = {
  ...resting,
  ...{ state: "wait call-back", target: "active", step: "wait for agent", attempt: 1, waiting_for: "agent's lookup" },
  phases: [
    { name: "DHCP request", at: now - 12_000 },
    { name: "kernel", at: now - 7_000 },
    { name: "agent's lookup", at: null },
  ],
  due_by: now + 113_000,
  or_else: "the machine is power-cycled once",
  check: "Check the console.",
}
const writing: Explanation = { ...waiting, progress: { step: "write_image", done: 74e6, total: 100e6 }, due_by: null }
const event = (kind: string, data: EventRecord["data"]): EventRecord => ({
  id: 1,
  at: now,
  kind,
  node_uuid: null,
  run_id: "r",
  data,
})

test.each([
  [41_000, "0:41"],
  [3_723_000, "1:02:03"],
  [-5, "0:00"],
])("%d ms is %s", (ms, text) => expect(elapsed(ms)).toBe(text))

test("bars and sizes", () => {
  expect([bar(0), bar(0.74), bar(1), bar(7)]).toEqual(["░░░░░░░░░░", "███████▍░░", "██████████", "██████████"])
  expect([0, 999, 1500, 325e6, 1.4e9].map(bytes)).toEqual(["0 B", "999 B", "1.5 kB", "325 MB", "1.4 GB"])
})

test("an explanation says what was seen, what is missing and until when, and what to look at", () => {
  expect(showExplanation(waiting, now)).toBe(
    [
      " h1 is wait call-back, on its way to active, and waits for: agent's lookup.",
      "   doing    wait for agent",
      `   seen     DHCP request ${timeOfDay(now - 12_000)} · kernel ${timeOfDay(now - 7_000)}`,
      `   missing  agent's lookup, due by ${timeOfDay(now + 113_000)} (in 1:53)`,
      "   then     the machine is power-cycled once",
      "   check    Check the console.",
    ].join("\n"),
  )
  expect(showExplanation({ ...resting, last_error: "h1: no disk" }, now)).toBe(
    " h1 is active.\n   error    h1: no disk",
  )
})

describe("the table of a run", () => {
  const run: RunRecord = {
    id: "r",
    kind: "provision",
    status: "running",
    request: {},
    result: null,
    started_at: now,
    ended_at: null,
  }
  const node = (name: string, explanation: Explanation | undefined) => ({
    uuid: name,
    name,
    explanation,
    since: now - 41_000,
  })

  test("a line a node, with phase, time, progress and deadline", () => {
    const nodes = [node("rack1-h0", writing), node("h1", waiting), node("h2", resting), node("h3", undefined)]
    const lines = showRun({ run, nodes, deploy: emptyDeploy() }, now, 200)
    expect(lines).toHaveLength(5)
    expect(lines[1]).toMatch(/^ rack1-h0 {2}wait call-back {2}write image {2}███████▍░░ {2}74 % {2}of 100 MB +0:41$/)
    expect(lines[2]).toMatch(/^ h1 .*waiting for agent's lookup +0:41 {2}due by .* \(in 1:53\)$/)
    expect(lines[3]).toMatch(/^ h2 +active +0:41$/)
    expect(showRun({ run, nodes, deploy: emptyDeploy() }, now, 40).every((line) => line.length <= 40)).toBe(true)
  })

  test("the deployer's steps as they go", () => {
    const deploy = emptyDeploy()
    takeDeployEvent(deploy, event("run.plan", { steps: ["a", "b", "c"], dry_run: false }))
    takeDeployEvent(deploy, event("run.step", { step: "a", phase: "begin" }))
    takeDeployEvent(deploy, event("run.step", { step: "a", phase: "end", status: "changed" }))
    takeDeployEvent(deploy, event("run.step", { step: "b", phase: "begin" }))
    takeDeployEvent(deploy, event("run.pull", { host: "h0", image: "keystone", done: 3, total: 9 }))
    const lines = showRun({ run, nodes: [], deploy }, now, 200)
    expect(lines.at(-1)).toBe(" deploy  1/3 steps  ▸ now b  ▸ h0 pulls keystone 3/9")
    takeDeployEvent(deploy, event("run.pull", { host: "h0", image: "keystone", done: 9, total: 9 }))
    takeDeployEvent(deploy, event("run.step", { step: "b", phase: "end", status: "failed" }))
    expect(showRun({ run, nodes: [], deploy }, now, 200).at(-1)).toBe(" deploy  2/3 steps, 1 failed: b")
  })

  test("the end: what was done, or why it failed", () => {
    const ended = (fields: Partial<RunRecord>) => showOutcome({ ...run, ended_at: now + 65_000, ...fields })
    const access = { openrc: "/var/lib/x/openrc", clouds: "" }
    const deploy = { dryRun: false, planned: [], changed: [], endpoints: { keystone: "http://x:5000/v3" }, access }
    expect(ended({ status: "succeeded", result: { active: ["h0", "h1"], deploy } })).toBe(
      [
        "provision succeeded after 1:05",
        "  2 nodes active: h0, h1",
        "  nothing had to change",
        "  keystone  http://x:5000/v3",
        "  . /var/lib/x/openrc && openstack token issue",
      ].join("\n"),
    )
    const failed = ended({ status: "failed", result: { error: "h0: no disk", remedy: "Add one." } })
    expect(failed).toBe("provision failed after 1:05\n  h0: no disk\n  Add one.")
  })
})
