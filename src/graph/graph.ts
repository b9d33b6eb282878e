import { BifrostError } from "../util/errors.ts"
import { graphErrors } from "./errors.ts"
import type { Step } from "./step.ts"

/** A sound, acyclic set of steps. */
export class StepGraph {
  /** In an order in which they could run one by one; ties in the order given. */
  readonly steps: readonly Step[]
  readonly #byId: ReadonlyMap<string, Step>

  /** Throws GRAPH_UNSOUND for a repeated id or an unknown dependency, GRAPH_CYCLE (naming it) for a circle. */
  constructor(steps: readonly Step[]) {
    this.#byId = new Map(steps.map((step) => [step.id, step]))
    if (this.#byId.size < steps.length) {
      const ids = steps.map(({ id }) => id)
      const repeated = ids.filter((id, index) => ids.indexOf(id) !== index)
      throw new BifrostError(graphErrors.GRAPH_UNSOUND, { detail: `used twice: ${repeated.join(", ")}` })
    }
    for (const { id, after } of steps) {
      const unknown = after.filter((other) => !this.#byId.has(other))
      if (unknown.length === 0) continue
      throw new BifrostError(graphErrors.GRAPH_UNSOUND, { detail: `${id} comes after ${unknown.join(", ")}, unknown` })
    }
    this.steps = this.#order(steps)
  }

  get(id: string): Step | undefined {
    return this.#byId.get(id)
  }

  /**
   * An order as well, in which a step stands the earlier the longer the longest chain is that waits for it; of equals, the
   * more steps wait for itself.
   */
  get byUrgency(): readonly Step[] {
    const chains = new Map(this.steps.map(({ id }) => [id, { length: 0, waiting: 0 }]))
    for (const { id, after } of this.steps.toReversed()) {
      const length = chains.get(id)!.length + 1
      for (const other of after) {
        const chain = chains.get(other)!
        chains.set(other, { length: Math.max(chain.length, length), waiting: chain.waiting + 1 })
      }
    }
    return this.steps.toSorted((one, other) => {
      const [first, second] = [chains.get(one.id)!, chains.get(other.id)!]
      return second.length - first.length || second.waiting - first.waiting
    })
  }

  /** The named steps with all that they come after. */
  subset(ids: readonly string[]): StepGraph {
    const wanted = new Set<string>()
    const visit = (id: string) => {
      if (wanted.has(id)) return
      wanted.add(id)
      for (const other of this.#byId.get(id)?.after ?? []) visit(other)
    }
    for (const id of ids) visit(id)
    return new StepGraph(this.steps.filter(({ id }) => wanted.has(id)))
  }

  /** Graphviz' dot. */
  toString(): string {
    const quote = (text: string) => JSON.stringify(text)
    const nodes = this.steps.map(({ id }) => `  ${quote(id)}`)
    const edges = this.steps.flatMap(({ id, after }) => after.map((other) => `  ${quote(other)} -> ${quote(id)}`))
    return ["digraph {", "  rankdir=LR", "  node [shape=box]", ...nodes, ...edges, "}", ""].join("\n")
  }

  #order(steps: readonly Step[]): Step[] {
    const order: Step[] = []
    const state = new Map<string, "open" | "closed">()
    // Kept by hand, not by recursion: a chain of steps over thousands of hosts must not exhaust the stack.
    for (const root of steps) {
      const path: { step: Step; next: number }[] = [{ step: root, next: 0 }]
      while (path.length > 0) {
        const top = path.at(-1)!
        const { id, after } = top.step
        if (state.get(id) === "closed") {
          path.pop()
          continue
        }
        state.set(id, "open")
        const next = after[top.next++]
        if (next === undefined) {
          state.set(id, "closed")
          order.push(top.step)
          path.pop()
        } else if (state.get(next) === "open") {
          const names = path.map(({ step }) => step.id)
          // The path goes from a step to what it waits for; people read it the way the work would flow.
          const cycle = [next, ...names.slice(names.indexOf(next)).reverse()]
          throw new BifrostError(graphErrors.GRAPH_CYCLE, { detail: cycle.join(" → ") })
        } else path.push({ step: this.#byId.get(next)!, next: 0 })
      }
    }
    return order
  }
}
