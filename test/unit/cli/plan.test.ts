import { stripVTControlCharacters } from "node:util"
import { expect, test } from "vitest"
import { showPlan } from "../../../src/cli/show/plan.ts"
import type { DeployResult } from "../../../src/deploy/run.ts"

const shown = (result: Partial<DeployResult>) =>
  stripVTControlCharacters(showPlan({ planned: [], failed: [], skipped: [], ...result })).split("\n")

test("a plan goes host by host, with reasons and differences, and sums up what it touches", () => {
  const digest = `10.0.0.1:5000/bifrost/nova@sha256:${"0123456789ab".padEnd(64, "c")}`
  const lines = shown({
    planned: [
      { step: "h1/pull/nova", action: "pull", target: `image ${digest}` },
      {
        step: "h1/container/nova_api",
        action: "update",
        target: "file /etc/kolla/nova_api/nova.conf",
        reason: "content differs",
        diff: ["  [DEFAULT]", "- cpu_allocation_ratio = 4", "+ cpu_allocation_ratio = 8"],
      },
      { step: "h2/container/nova_compute", action: "create", target: "container nova_compute" },
      { step: "h1/container/nova_api", action: "recreate", target: "container nova_api", reason: "configuration" },
    ],
  })
  expect(lines).toEqual([
    "h1",
    "  ↓ pull image 10.0.0.1:5000/bifrost/nova@sha256:0123456789ab…",
    "  ~ update file /etc/kolla/nova_api/nova.conf                   content differs",
    "        [DEFAULT]",
    "      - cpu_allocation_ratio = 4",
    "      + cpu_allocation_ratio = 8",
    "  ↻ recreate container nova_api                                 configuration",
    "h2",
    "  + create container nova_compute",
    "1 image, 1 file, 2 containers. Nothing else is touched.",
  ])
})

test("a plan that could not be made says so, and what to do", () => {
  expect(shown({})).toEqual(["Nothing to change."])
  const failed = [{ step: "h1/prepare", code: "HOST_UNREACHABLE", message: "h1: no answer", remedy: "Power it on." }]
  expect(shown({ failed, skipped: [{ step: "h1/container/a", because: ["h1/prepare"] }] })).toEqual([
    " ✘ h1/prepare: h1: no answer",
    "   Power it on.",
    "The plan is not complete: what rests on it was not looked at (1 step).",
  ])
})
