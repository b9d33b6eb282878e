import type { EventRecord, JournalEntry, NodeRecord } from "../store/records.ts"
import { journalOf } from "./engine.ts"
import { findNode, nameOf, type Operation, operationOf } from "./operation.ts"
import { type PhaseView, viewPhases } from "./phases.ts"
import { handlers, type Plan } from "./plans.ts"
import type { Explanation } from "./port.ts"
import type { Step, Tools } from "./step.ts"
import { waitForSystem } from "./steps/system.ts"
import { waitForWrite } from "./steps/write.ts"

/** Reads from the record, the journal and the events what a node is doing; asks neither worker nor machine. */
export async function explain(tools: Tools, id: string): Promise<Explanation> {
  const node = await findNode(tools.store, id)
  const operation = operationOf(node)
  const handler = handlers[node.provision_state]
  if (!operation || !handler) return resting(node)
  const entries = await tools.store.journal.of(journalOf(operation, handler.plan))
  const entry = entries.findLast(({ status }) => status === "running")
  const step = handler.plan.steps(operation, tools).find(({ name }) => name === entry?.step)
  if (!entry || !step) return { ...resting(node), attempt: operation.attempt }
  return { ...resting(node), ...(await under(tools, node, operation, handler.plan, step, entry)) }
}

function resting(node: NodeRecord): Explanation {
  return {
    node: nameOf(node),
    state: node.provision_state,
    target: node.target_provision_state,
    step: null,
    attempt: null,
    waiting_for: null,
    phases: [],
    progress: null,
    due_by: null,
    or_else: null,
    check: null,
    last_error: node.last_error,
  }
}

async function under(
  tools: Tools,
  node: NodeRecord,
  operation: Operation,
  plan: Plan,
  step: Step,
  entry: JournalEntry,
): Promise<Partial<Explanation>> {
  const common = { step: step.name, attempt: operation.attempt }
  const since = Number(entry.data["since"] ?? entry.data["event"] ?? 0)
  const events = await tools.store.events.since(since, { node_uuid: node.uuid })
  if (step.phases) {
    const view = viewPhases(step.phases(tools), Number(entry.data["from"] ?? entry.started_at), events)
    return { ...common, ...waiting(view, whatThen(operation, plan, step, entry)) }
  }
  if (step.name !== waitForWrite.name) return common
  return { ...common, ...writing(tools, events, entry, whatThen(operation, plan, step, entry)) }
}

function waiting({ phases, next, due }: PhaseView, then: string): Partial<Explanation> {
  if (!next) return { phases }
  return { phases, waiting_for: next.name, due_by: due, or_else: then, check: `Check ${next.check}.` }
}

const signs = new Set(["agent.heartbeat", "agent.progress"])

function writing(
  { limits }: Pick<Tools, "limits">,
  events: readonly EventRecord[],
  entry: JournalEntry,
  then: string,
): Partial<Explanation> {
  const report = events.findLast(({ kind }) => kind === "agent.progress")
  const alive = events.findLast(({ kind }) => signs.has(kind))?.at ?? entry.started_at
  const { step, done, total } = report?.data ?? {}
  return {
    waiting_for: "image written",
    progress: report ? { step: String(step), done: Number(done), total: Number(total) } : null,
    due_by: alive + limits.silence,
    or_else: `the agent is asked; if it does not answer either, ${then}`,
    check: "Check the machine's console and power if the progress stands still.",
  }
}

/** What the engine will do when the time is up. */
function whatThen({ attempt }: Operation, plan: Plan, step: Step, entry: JournalEntry): string {
  if (step.name === waitForSystem.name) {
    return entry.data["cycled"] ? "the deploy fails" : "the machine is power-cycled once"
  }
  return attempt === 1 ? "the machine is power-cycled and booted from the network once more" : `the ${plan.name} fails`
}
