import pc from "picocolors"
import type { CheckFinding, CheckResult } from "../../deploy/checks/finding.ts"
import { plural } from "./text.ts"

const marks: Record<CheckFinding["status"], string> = {
  ok: pc.green("✔"),
  warning: pc.yellow("!"),
  failed: pc.red("✘"),
}

/** Host by host what is not well and what to do; what is well in a number, or with `all` line by line. */
export function showChecks({ findings, failed, warnings }: CheckResult, all: boolean): string {
  const hosts = Map.groupBy(findings, ({ host }) => host)
  const lines = [...hosts].flatMap(([host, own]) => {
    const well = own.filter(({ status }) => status === "ok").length
    const shown = own.filter(({ status }) => all || status !== "ok")
    const width = Math.max(0, ...shown.map(({ check }) => check.length))
    return [
      `${pc.bold(host)}  ${pc.dim(`${well} of ${plural(own.length, "check")} well`)}`,
      ...shown.flatMap(({ check, status, detail, remedy }) => [
        `  ${marks[status]} ${check.padEnd(width)}  ${detail}`,
        ...(remedy === null ? [] : [`    ${" ".repeat(width)}  ${pc.dim(remedy)}`]),
      ]),
    ]
  })
  const total = failed + warnings === 0 ? "All is well." : `${failed} failed, ${plural(warnings, "warning")}.`
  return [...lines, total].join("\n")
}
