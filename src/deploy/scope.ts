import type { StepGraph } from "../graph/graph.ts"
import { guarded } from "../graph/select.ts"
import { didYouMean } from "../util/closest.ts"
import { BifrostError } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"
import type { Inventory } from "./inventory.ts"
import type { Placement } from "./placement.ts"

/** What of a deployment a run is to do; all of it when nothing is named. */
export interface Scope {
  /** Services. */
  readonly only?: readonly string[]
  /** Hosts, by name. */
  readonly hosts?: readonly string[]
  /** A service, a step's id, or an id without its host: this, and what it comes after, and no more. */
  readonly until?: string
  /** Bring about what is left out and not as wanted, instead of stopping at it. */
  readonly withDependencies?: boolean
}

/**
 * A host is prepared, an image pulled, what all have in common in Keystone made, and a cluster's beginning decided for whoever
 * needs it: they belong to what comes right after them.
 */
const shared = /\/(prepare$|pull\/|identity$|cluster\/)/

/** The part of the graph that a run is to do. Throws SCOPE_UNKNOWN and SCOPE_EMPTY. */
export function scoped(graph: StepGraph, scope: Scope, placement: Placement, inventory: Inventory): StepGraph {
  const { only, hosts, until, withDependencies = false } = scope
  const within = until === undefined ? graph : graph.subset(stepsNamed(until, graph, placement))
  const targets = targetsOf(within, scope, placement, inventory)
  if (!only && !hosts) return within
  return withDependencies ? within.subset([...targets]) : guarded(within, targets)
}

/** Ids of the steps of the services and hosts that a scope names. Throws SCOPE_UNKNOWN and SCOPE_EMPTY. */
export function targetsOf(
  graph: StepGraph,
  scope: Pick<Scope, "only" | "hosts">,
  placement: Placement,
  inventory: Inventory,
): ReadonlySet<string> {
  const { only, hosts } = scope
  checkScope(scope, placement, inventory)
  const services = only && placement.services.filter(({ name }) => only.includes(name))
  const chosen = services && new Set(services.flatMap((service) => placement.stepsOf(service)))
  const own = graph.steps.filter(({ id }) => (chosen?.has(id) ?? true) && (hosts?.includes(hostOf(id)) ?? true))
  if (own.length === 0) throw new BifrostError(deployErrors.SCOPE_EMPTY)
  const targets = new Set(own.map(({ id }) => id))
  // From the last to the first: a pull is known before the preparation that it comes after.
  for (const { id, after } of graph.steps.toReversed()) {
    if (targets.has(id)) for (const other of after) if (shared.test(other)) targets.add(other)
  }
  return targets
}

/** Throws SCOPE_UNKNOWN for a service or a host that the site does not have. */
export function checkScope({ only = [], hosts = [] }: Scope, placement: Placement, inventory: Inventory): void {
  const check = (what: string, names: readonly string[], known: readonly { readonly name: string }[]) => {
    for (const name of names) {
      if (!known.some((each) => each.name === name))
        throw unknownName(
          what,
          name,
          known.map((each) => each.name),
        )
    }
  }
  check("service", only, placement.services)
  check("host", hosts, inventory.hosts)
}

function unknownName(what: string, name: string, known: readonly string[]): BifrostError {
  const detail = `no ${what} "${name}"${didYouMean(name, known)}`
  return new BifrostError(deployErrors.SCOPE_UNKNOWN, { detail, expected: known.slice(0, 40).join(", ") })
}

const hostOf = (id: string) => id.slice(0, id.indexOf("/"))

function stepsNamed(name: string, graph: StepGraph, placement: Placement): string[] {
  const service = placement.services.find((each) => each.name === name)
  if (service) return placement.stepsOf(service).filter((id) => graph.get(id))
  const found = graph.steps.filter(({ id }) => id === name || id.endsWith(`/${name}`)).map(({ id }) => id)
  if (found.length > 0) return found
  const services = placement.services.map((each) => each.name)
  const withoutHost = graph.steps.map(({ id }) => id.slice(id.indexOf("/") + 1))
  throw unknownName("service or step", name, [...services, ...new Set(withoutHost)])
}
