import type { Explanation } from "../../api/ports.ts"
import type { EventRecord, RunRecord } from "../../store/records.ts"

/** What a watcher knows of a run. */
export interface RunView {
  run: RunRecord
  nodes: NodeView[]
  readonly deploy: DeployView
}

export interface NodeView {
  readonly uuid: string
  readonly name: string
  explanation: Explanation | undefined
  /** When it came to where it is, ms since the epoch. */
  since: number
}

export interface DeployView {
  total: number
  done: number
  readonly running: Set<string>
  readonly failed: string[]
  /** Host → image and how far it is. */
  readonly pulls: Map<string, string>
}

export const emptyDeploy = (): DeployView => ({ total: 0, done: 0, running: new Set(), failed: [], pulls: new Map() })

/** Takes in what the deployer says; whatever else is no matter here. */
export function takeDeployEvent(deploy: DeployView, { kind, data }: EventRecord): void {
  if (kind === "run.plan" && Array.isArray(data["steps"])) {
    // A run that was taken up again after the service's death plans anew.
    Object.assign(deploy, emptyDeploy(), { total: data["steps"].length })
  } else if (kind === "run.pull") {
    const { host, image, done, total } = data
    if (done === total) deploy.pulls.delete(String(host))
    else deploy.pulls.set(String(host), `${image} ${done}/${total}`)
  } else if (kind === "run.step" && data["phase"] === "begin") {
    deploy.running.add(String(data["step"]))
  } else if (kind === "run.step" && data["phase"] === "end") {
    const step = String(data["step"])
    deploy.running.delete(step)
    deploy.done++
    if (data["status"] === "failed") deploy.failed.push(step)
  }
}

/** Takes in a node's explanation; `since` moves on when it came to another place. */
export function takeExplanation(node: NodeView, explanation: Explanation, now: number): boolean {
  const before = node.explanation
  const moved = !before || place(before) !== place(explanation)
  node.explanation = explanation
  if (moved && before) node.since = now
  return moved
}

const place = ({ state, step, waiting_for, last_error }: Explanation) =>
  JSON.stringify([state, step, waiting_for, last_error])
