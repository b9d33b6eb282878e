import pc from "picocolors"
import type { DeployResult, PlannedChange } from "../../deploy/run.ts"

const marks: Record<PlannedChange["action"], string> = {
  create: pc.green("+"),
  update: pc.yellow("~"),
  recreate: pc.yellow("↻"),
  start: pc.green("▸"),
  restart: pc.yellow("↻"),
  remove: pc.red("-"),
  pull: pc.cyan("↓"),
  run: pc.cyan("▸"),
}

/** A plan for people: host by host what would be done and why, with the lines of files that differ. */
export function showPlan({ planned, failed }: Pick<DeployResult, "planned" | "failed">): string {
  const lines = planned.flatMap(({ step, action, target, reason, diff }) => {
    const host = step.split("/")[0]
    const why = reason === undefined ? "" : pc.dim(`  (${reason})`)
    const differences = (diff ?? []).map((line) => `      ${line.startsWith("+") ? pc.green(line) : pc.red(line)}`)
    return [` ${host}  ${marks[action]} ${action} ${target}${why}`, ...differences]
  })
  const troubles = failed.map(({ step, message }) => ` ${pc.red("✘")} ${step}: ${message}`)
  const total = planned.length === 0 ? "Nothing to change." : `${planned.length} changes. Nothing else is touched.`
  return [...lines, ...troubles, failed.length > 0 ? "The plan is not complete." : total].join("\n")
}
