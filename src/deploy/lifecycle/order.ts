import { StepGraph } from "../../graph/graph.ts"
import { contracted } from "../../graph/select.ts"
import type { Placement } from "../placement.ts"

/** Which containers and tasks start after which: unit's id → ids of units. */
export type StartOrder = ReadonlyMap<string, readonly string[]>

const nothing = { inspect: async () => {}, plan: () => [], apply: async () => {} }

/** What needs what in a deployment, without what is no container: a need of a database is a need of its server. */
export function startOrder(placement: Placement): StartOrder {
  const units = [...placement.containers, ...placement.tasks]
  const server = [...placement.needed(["container/mariadb"]), ...placement.wayToApis]
  const known = new Map<string, readonly string[]>([
    ...units.map(({ id, unit, host }) => [id, placement.needed(unit.needs ?? [], host)] as const),
    ...placement.databases.map(({ id }) => [id, server] as const),
  ])
  // The catalog is kept by Keystone; whoever waits for an entry waits for it, and for the way to it.
  for (const id of [...known.values()].flat()) {
    if (!known.has(id)) known.set(id, [...placement.needed(["container/keystone"]), ...placement.wayToApis])
  }
  const graph = new StepGraph([...known].map(([id, after]) => ({ ...nothing, id, after })))
  const order = contracted(graph, new Set(units.map(({ id }) => id)))
  return new Map(order.steps.map(({ id, after }) => [id, after]))
}

/** The order in which units end: each after all that started after it. */
export function stopOrder(order: StartOrder): StartOrder {
  const after = new Map([...order.keys()].map((id) => [id, [] as string[]]))
  for (const [id, others] of order) for (const other of others) after.get(other)!.push(id)
  return after
}

/** An order of these units alone. */
export function among(order: StartOrder, ids: ReadonlySet<string>): StartOrder {
  const graph = new StepGraph([...order].map(([id, after]) => ({ ...nothing, id, after })))
  return new Map(contracted(graph, ids).steps.map(({ id, after }) => [id, after]))
}
