import pc from "picocolors"
import type { CheckResult } from "../../deploy/checks/finding.ts"
import type { DeployResult } from "../../deploy/run.ts"
import { isObject, type JsonObject, type RunRecord } from "../../store/records.ts"
import { showChecks } from "./checks.ts"
import { dueText, progressText } from "./explanation.ts"
import { showPlan } from "./plan.ts"
import type { DeployView, NodeView, RunView } from "./run-view.ts"
import { elapsed, plural } from "./text.ts"

const statusColours = { running: pc.cyan, succeeded: pc.green, failed: pc.red, aborted: pc.yellow }
export const colouredStatus = (status: RunRecord["status"]) => statusColours[status](status)

/** The live table: a line a node, then the deployer's; each at most `width` characters. */
export function showRun(view: RunView, now: number, width: number): string[] {
  const names = Math.max(4, ...view.nodes.map((node) => node.name.length))
  const states = Math.max(5, ...view.nodes.map((node) => node.explanation?.state.length ?? 0))
  const phases = Math.max(5, ...view.nodes.map((node) => phaseOf(node).length))
  const line = (name: string, state: string, phase: string, since: string, note: string) =>
    ` ${name.padEnd(names)}  ${state.padEnd(states)}  ${phase.padEnd(phases)}  ${since.padStart(7)}  ${note}`
      .trimEnd()
      .slice(0, width)
  const nodes = view.nodes.map((node) => {
    const state = node.explanation?.state ?? ""
    const text = line(
      node.name,
      state,
      phaseOf(node),
      elapsed((view.run.ended_at ?? now) - node.since),
      noteOf(node, now),
    )
    return node.explanation?.last_error ? pc.red(text) : state === "active" ? pc.green(text) : text
  })
  return [pc.dim(line("NODE", "STATE", "PHASE", "SINCE", "")), ...nodes, ...deployLines(view.deploy, width)]
}

export function phaseOf({ explanation }: NodeView): string {
  if (!explanation) return ""
  if (explanation.progress) return progressText(explanation)
  if (explanation.waiting_for) return `waiting for ${explanation.waiting_for}`
  return explanation.step?.replaceAll("_", " ") ?? ""
}

function noteOf({ explanation }: NodeView, now: number): string {
  if (!explanation) return ""
  if (explanation.last_error) return explanation.last_error
  return dueText(explanation, now).replace(/^, /, "")
}

function deployLines(deploy: DeployView, width: number): string[] {
  if (deploy.total === 0) return []
  const running = [...deploy.running].join(", ")
  const failed = deploy.failed.length > 0 ? `, ${deploy.failed.length} failed: ${deploy.failed.join(", ")}` : ""
  const pulls = [...deploy.pulls].map(([host, text]) => `${host} pulls ${text}`).join("; ")
  const parts = [`${deploy.done}/${deploy.total} steps${failed}`, running && `now ${running}`, pulls].filter(Boolean)
  return [` deploy  ${parts.join("  ▸ ")}`.slice(0, width)]
}

/** The last words on a run. */
export function showOutcome(run: RunRecord): string {
  const took = elapsed((run.ended_at ?? run.started_at) - run.started_at)
  const lines = [`${run.kind} ${colouredStatus(run.status)} after ${took}`]
  const { error, remedy, active, deploy } = run.result ?? {}
  if (typeof error === "string") lines.push(`  ${error}`)
  if (typeof remedy === "string") lines.push(`  ${remedy}`)
  if (Array.isArray(active)) lines.push(`  ${plural(active.length, "node")} active: ${active.join(", ")}`)
  // A provision says what its deploy did; every other verb of the deployer is its own.
  const deployed = isObject(run.result) && "changed" in run.result ? run.result : deploy
  if (isObject(deployed) && deployed["dryRun"] === true) lines.push(showPlan(deployed as unknown as DeployResult))
  else if (isObject(deployed)) lines.push(...deployedLines(deployed))
  if (Array.isArray(run.result?.["findings"])) lines.push(showChecks(run.result as unknown as CheckResult, false))
  return lines.join("\n")
}

/** What the deployer did, and how to reach what runs now. */
function deployedLines({ changed, endpoints, access }: JsonObject): string[] {
  const lines: string[] = []
  if (Array.isArray(changed))
    lines.push(
      changed.length === 0 ? "  nothing had to change" : `  ${plural(changed.length, "step")} changed something`,
    )
  const urls = Object.entries(isObject(endpoints) ? endpoints : {})
  lines.push(...urls.map(([service, url]) => `  ${service}  ${url}`))
  if (urls.length > 0 && isObject(access) && typeof access["openrc"] === "string")
    lines.push(`  . ${access["openrc"]} && openstack token issue`)
  return lines
}
