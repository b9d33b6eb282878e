import { networkBoot, type Phase, systemBoot } from "../src/conductor/phases.ts"
import { handlers } from "../src/conductor/plans.ts"
import { provisionVerbs } from "../src/conductor/port.ts"
import { verbs } from "../src/conductor/verbs.ts"
import { type ProvisionState, transitions } from "../src/states/table.ts"

/** One diagram each, so that each can be read; an arrow is drawn where it starts. */
const groups: Record<string, readonly ProvisionState[]> = {
  "The main way": [
    "enroll",
    "verifying",
    "manageable",
    "available",
    "deploying",
    "wait call-back",
    "deploy failed",
    "active",
    "deleting",
    "error",
  ],
  Cleaning: ["cleaning", "clean wait", "clean hold", "clean failed"],
  "Inspection and adoption": ["inspecting", "inspect wait", "inspect failed", "adopting", "adopt failed"],
  "Known to the table, not carried out yet": [
    "deploy hold",
    "rescuing",
    "rescue wait",
    "rescue",
    "rescue failed",
    "unrescuing",
    "unrescue failed",
    "servicing",
    "service wait",
    "service hold",
    "service failed",
  ],
}

const id = (state: string) => state.replaceAll(/[ -]/g, "_")

function diagram(states: readonly ProvisionState[]): string {
  // Arrows between the same two states share one line.
  const arrows = new Map<string, string[]>()
  for (const from of states) {
    for (const [event, to] of Object.entries(transitions[from])) {
      const key = `${id(from)} --> ${id(to)}`
      arrows.set(key, [...(arrows.get(key) ?? []), event])
    }
  }
  const seen = new Set(states.flatMap((from) => [from, ...Object.values(transitions[from])]))
  const named = [...seen].filter((state) => id(state) !== state).map((state) => `  state "${state}" as ${id(state)}`)
  const drawn = [...arrows].map(([arrow, events]) => `  ${arrow} : ${events.join(", ")}`)
  return ["```mermaid", "stateDiagram-v2", ...named, ...drawn, "```"].join("\n")
}

export function diagrams(): string {
  return Object.entries(groups)
    .map(([title, states]) => `### ${title}\n\n${diagram(states)}`)
    .join("\n\n")
}

export const drawnStates = Object.values(groups).flat()

export function verbTable(): string {
  const rows = provisionVerbs.map((word) => {
    const { event, target, unsupported } = verbs[word]
    const from = Object.entries(transitions).flatMap(([state, events]) => (event in events ? [state] : []))
    return `| ${word} | ${from.join(", ")} | ${unsupported ? `refused: ${unsupported}` : (target ?? "–")} |`
  })
  return ["| verb | allowed in | ends in |", "|---|---|---|", ...rows].join("\n")
}

/** Steps with both ways of a plan that has two. */
export function planTable(): string {
  const plans = new Map(Object.values(handlers).map(({ plan }) => [plan.name, plan]))
  const operation = { id: "", attempt: 1, fence: 1, request: {} }
  const rows = [...plans.values()].map((plan) => {
    const steps = plan.steps(operation, { automatedClean: true })
    return `| ${plan.name} | ${steps.map(({ name, where }) => (where === "wait" ? `*${name}*` : name)).join(" → ")} |`
  })
  return ["| plan | steps (*italic*: waits for the machine) |", "|---|---|", ...rows].join("\n")
}

export function phaseTable(): string {
  const rows = (phases: readonly Phase[], of: string) =>
    phases.map(({ name, within, check }) => `| ${of} | ${name} | ${within / 1000} | ${check} |`)
  return [
    "| boot of | phase | within s | when it never comes, check |",
    "|---|---|---|---|",
    ...rows(networkBoot, "the ramdisk"),
    ...rows(systemBoot, "the system"),
  ].join("\n")
}
