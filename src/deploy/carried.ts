import { didYouMean } from "../util/closest.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"
import type { DeployHost } from "./host.ts"
import type { PlacedUnit, Placement } from "./placement.ts"
import { labels } from "./unit.ts"

/** A container or task of the site on one host, as it is now. */
export interface CarriedUnit {
  readonly host: string
  readonly service: string
  readonly container: string
  readonly task: boolean
  /**
   * The engine's word, e.g. `running`; `absent` when it is not there, `unknown` when the host does not answer, `spared` for a
   * task that had no need to run, as where its databases were loaded from a dump.
   */
  readonly state: string
  /** `healthy`, `unhealthy`, `starting`, or none. */
  readonly health: string | null
  /** The engine's words, e.g. `Up 3 hours (healthy)`, or why they are not known. */
  readonly status: string
}

/** Everything that the site should run, by one look at each host. A host that does not answer has it said of its own. */
export async function carriedUnits(
  placement: Placement,
  hosts: ReadonlyMap<string, DeployHost>,
): Promise<CarriedUnit[]> {
  const looks = await Promise.allSettled([...hosts.values()].map((host) => host.survey()))
  const seen = new Map([...hosts.keys()].map((name, index) => [name, looks[index]!]))
  return placement.services.flatMap((service) => {
    const ids = new Set(placement.stepsOf(service))
    const of = (placed: readonly PlacedUnit[], task: boolean) =>
      placed
        .filter(({ id }) => ids.has(id))
        .map(({ unit, host }): CarriedUnit => {
          const base = { host: host.name, service: service.name, container: unit.name, task }
          const look = seen.get(host.name)
          if (look?.status !== "fulfilled")
            return { ...base, state: "unknown", health: null, status: messageOf(look?.reason) }
          const container = look.value.containers.get(unit.name)
          if (!container) return { ...base, state: "absent", health: null, status: "" }
          const spared = container.Labels[labels.spared]
          if (spared !== undefined) return { ...base, state: "spared", health: null, status: `Not run: ${spared}` }
          const health = /\((?:health: )?(healthy|unhealthy|starting)\)$/.exec(container.Status)?.[1] ?? null
          return { ...base, state: container.State, health, status: container.Status }
        })
    return [...of(placement.containers, false), ...of(placement.tasks, true)]
  })
}

/** Where a container is. Throws UNIT_UNKNOWN, and UNIT_ON_SEVERAL when it is on several hosts and none is named. */
export function hostOfUnit(placement: Placement, container: string, host: string | undefined): string {
  const units = [...placement.containers, ...placement.tasks]
  const placed = units.filter(({ unit }) => unit.name === container).map(({ host: { name } }) => name)
  if (placed.length === 0) {
    const detail = `"${container}"${didYouMean(
      container,
      units.map(({ unit }) => unit.name),
    )}`
    throw new BifrostError(deployErrors.UNIT_UNKNOWN, { detail })
  }
  const on = host === undefined ? placed : placed.filter((name) => name === host)
  if (on.length === 1) return on[0]!
  throw new BifrostError(deployErrors.UNIT_ON_SEVERAL, { detail: `${container}: ${placed.join(", ")}` })
}
