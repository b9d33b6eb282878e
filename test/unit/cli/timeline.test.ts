import { expect, test } from "vitest"
import { lastDeploy } from "../../../src/cli/show/timeline.ts"
import type { EventRecord, JsonObject } from "../../../src/store/records.ts"

let id = 0
const event = (at: number, kind: string, data: JsonObject = {}): EventRecord => ({
  id: ++id,
  at,
  kind,
  node_uuid: "n",
  run_id: null,
  data,
})

test("the last deploy counts, and each leg from the end of the one before", () => {
  const events = [
    event(0, "node.state", { to: "deploying", verb: "deploy" }),
    event(500, "netboot.dhcp"),
    event(10_000, "node.state", { to: "deploying", verb: "deploy" }),
    event(10_200, "step.end", { step: "power on" }),
    event(12_000, "netboot.dhcp"),
    event(12_100, "netboot.dhcp"),
    event(15_000, "node.state", { to: "deploying" }),
    event(60_000, "node.state", { to: "active" }),
  ]
  expect(lastDeploy(events)).toEqual([
    { phase: "power on", at: 0.2, took: 0.2 },
    { phase: "first DHCP request", at: 2, took: 1.8 },
    { phase: "active", at: 50, took: 48 },
  ])
})

test("a leg that has several means tells which, and what followed where that did not do", () => {
  const begun = event(0, "node.state", { to: "deploying", verb: "deploy" })
  const start = event(900, "os.start", { method: "kexec", message: "Debian from /dev/vda4" })
  const left = event(1_000, "step.end", { step: "boot image" })
  expect(lastDeploy([begun, start, left])).toEqual([{ phase: "left for the system", at: 1, took: 1, how: "kexec" }])
  const cycled = event(60_000, "os.start", { method: "power cycle", message: "first boot never came" })
  expect(lastDeploy([begun, start, left, cycled])).toMatchObject([{ how: "kexec, then power cycle" }])
})

test("a node that was never deployed has no legs", () => {
  expect(lastDeploy([event(1, "enroll.added")])).toEqual([])
})
