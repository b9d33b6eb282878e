import { expect, test } from "vitest"
import { tableOf } from "../../../scripts/journey/table.ts"

test("columns stay apart however long the machines' names are, and a phase that one did not see is a dash", () => {
  const measured = {
    stages: [{ stage: "lab", seconds: 2.94 }],
    nodes: {
      "node1 (BIOS)": [{ phase: "power on", at: 0.91, took: 0.91 }],
      "node2 (UEFI)": [
        { phase: "power on", at: 0.7, took: 0.7 },
        { phase: "active", at: 1234.56, took: 1233.86 },
      ],
    },
  }
  expect(tableOf(measured)).toEqual([
    "STAGE                              SECONDS",
    "lab                                    2.9",
    "",
    "SECONDS AFTER DEPLOY          node1 (BIOS)  node2 (UEFI)",
    "power on                               0.9           0.7",
    "active                                   –        1234.6",
  ])
})
