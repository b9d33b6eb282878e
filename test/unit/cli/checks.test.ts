import { stripVTControlCharacters } from "node:util"
import { expect, test } from "vitest"
import { showChecks } from "../../../src/cli/show/checks.ts"
import { type CheckFinding, checkResult } from "../../../src/deploy/checks/finding.ts"

const findings: CheckFinding[] = [
  { host: "h1", check: "disk", status: "ok", detail: "50.0 GB free", remedy: null },
  { host: "h1", check: "port 5000", status: "failed", detail: "taken by nginx (pid 1)", remedy: "End it." },
  { host: "h2", check: "disk", status: "ok", detail: "50.0 GB free", remedy: null },
]
const shown = (all: boolean) => stripVTControlCharacters(showChecks(checkResult(findings), all)).split("\n")

test("checks show what is not well with its remedy, the rest as a number or line by line", () => {
  const failed = ["  ✘ port 5000  taken by nginx (pid 1)", "               End it."]
  expect(shown(false)).toEqual([
    ...["h1  1 of 2 checks well", ...failed, "h2  1 of 1 check well"],
    "1 failed, 0 warnings.",
  ])
  expect(shown(true)).toContain("  ✔ disk  50.0 GB free")
  expect(stripVTControlCharacters(showChecks(checkResult([]), false))).toBe("All is well.")
})
