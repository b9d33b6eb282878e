import pc from "picocolors"
import type { DeployResult, PlannedChange } from "../../deploy/run.ts"
import { plural } from "./text.ts"

const marks: Record<PlannedChange["action"], string> = {
  create: pc.green("+"),
  update: pc.yellow("~"),
  recreate: pc.yellow("↻"),
  start: pc.green("▸"),
  restart: pc.yellow("↻"),
  stop: pc.yellow("◼"),
  remove: pc.red("-"),
  pull: pc.cyan("↓"),
  run: pc.cyan("▸"),
}

type Shown = Pick<DeployResult, "planned" | "failed" | "skipped">

/** A plan for people: host by host what would be done and why, with the lines of files that differ. */
export function showPlan({ planned, failed, skipped }: Shown): string {
  const hosts = Map.groupBy(planned, ({ step }) => step.split("/")[0] ?? step)
  const lines = [...hosts].flatMap(([host, changes]) => {
    const width = Math.max(...changes.map(({ action, target }) => wordsOf(action, target).length))
    return [pc.bold(host), ...changes.flatMap((change) => changeLines(change, Math.min(width, 60)))]
  })
  const troubles = failed.flatMap(({ step, message, remedy }) => [
    ` ${pc.red("✘")} ${step}: ${message}`,
    `   ${pc.dim(remedy)}`,
  ])
  return [...lines, ...troubles, summary({ planned, failed, skipped })].join("\n")
}

/** Twelve digits tell two digests apart for a reader; `--json` has them whole. */
const wordsOf = (action: string, target: string) =>
  `${action} ${target.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]+/, "$1…")}`

function changeLines({ action, target, reason, diff = [] }: PlannedChange, width: number): string[] {
  const words = wordsOf(action, target)
  const why = reason === undefined ? "" : pc.dim(`  ${reason}`)
  return [
    `  ${marks[action]} ${reason === undefined ? words : words.padEnd(width)}${why}`,
    ...diff.map((line) => `      ${colour(line)}`),
  ]
}

const colour = (line: string) =>
  line.startsWith("+") ? pc.green(line) : line.startsWith("-") ? pc.red(line) : pc.dim(line)

/** `1 file, 2 containers. Nothing else is touched.` */
function summary({ planned, failed, skipped }: Shown): string {
  if (failed.length > 0) {
    const unseen = skipped.length > 0 ? `: what rests on it was not looked at (${plural(skipped.length, "step")})` : ""
    return `The plan is not complete${unseen}.`
  }
  if (planned.length === 0) return "Nothing to change."
  // A thing that two changes name, such as a container's two reasons, is one thing.
  const things = new Set(planned.map(({ step, target }) => `${step.split("/")[0]} ${target}`))
  const kinds = Map.groupBy(things, (thing) => /^\S+ (database user|\S+)/.exec(thing)?.[1] ?? "")
  const counts = [...kinds].map(([kind, all]) => plural(all.length, kind))
  return `${counts.join(", ")}. Nothing else is touched.`
}
