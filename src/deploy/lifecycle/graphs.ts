import { StepGraph } from "../../graph/graph.ts"
import type { Step } from "../../graph/step.ts"
import type { Clock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import { deployErrors } from "../errors.ts"
import type { DeployHost } from "../host.ts"
import type { Inventory } from "../inventory.ts"
import { leftoversStep } from "../leftovers-step.ts"
import type { Placement } from "../placement.ts"
import { besides } from "../replace.ts"
import { checkScope, type Scope } from "../scope.ts"
import { startSeconds } from "../unit.ts"
import { removeStep, removeVolumeStep, unprepareStep } from "./destroy-steps.ts"
import { among, startOrder, stopOrder } from "./order.ts"
import { startStep } from "./start-step.ts"
import { stopStep } from "./stop-step.ts"

export interface LifecycleOptions {
  readonly placement: Placement
  readonly inventory: Inventory
  readonly hosts: ReadonlyMap<string, DeployHost>
  readonly scope: Pick<Scope, "only" | "hosts">
  readonly clock: Clock
  readonly redact: (text: string) => string
}

/** All containers end, each after those that need it. */
export function stopGraph(options: LifecycleOptions): StepGraph {
  const { containers } = unitsIn(options)
  const order = among(stopOrder(startOrder(options.placement)), new Set(containers.map(({ id }) => id)))
  return new StepGraph(
    containers.map(({ id, unit, host }) => stopStep({ id, after: order.get(id)!, host, name: unit.name })),
  )
}

/** All containers that are there run, each after those that it needs are healthy. */
export function startGraph(options: LifecycleOptions): StepGraph {
  const { clock, redact } = options
  const { containers } = unitsIn(options)
  const order = among(startOrder(options.placement), new Set(containers.map(({ id }) => id)))
  const steps = containers.map(({ id, unit, host }) =>
    startStep({ id, after: order.get(id)!, host, name: unit.name, clock, redact, startSeconds: startSeconds(unit) }),
  )
  return new StepGraph(steps)
}

/** Nothing of ours is left, and data only when `includeData`. Part of it when the scope says so. */
export function destroyGraph(options: LifecycleOptions & { readonly includeData: boolean; readonly registry: string }) {
  const { placement, hosts, scope, includeData, registry } = options
  const { containers, tasks } = unitsIn(options)
  const units = [...containers, ...tasks]
  const ids = new Set(units.map(({ id }) => id))
  const order = among(stopOrder(startOrder(placement)), ids)
  const steps: Step[] = units.map(({ id, unit, host }) =>
    removeStep({ id, after: order.get(id)!, host, name: unit.name }),
  )
  const add = <Seen>(step: Step<Seen>) => void steps.push(step)
  for (const host of hosts.values()) {
    const at = host.entry.name
    if (scope.hosts && !scope.hosts.includes(at)) continue
    const after = units.filter((placed) => placed.host === host).map(({ id }) => id)
    if (includeData) {
      const everywhere = [...placement.containers, ...placement.tasks].filter((placed) => placed.host.name === at)
      const users = Map.groupBy(
        everywhere.flatMap(({ id, unit }) => volumesOf(unit.volumes).map((volume) => ({ id, volume }))),
        ({ volume }) => volume,
      )
      for (const [volume, uses] of users) {
        // One that a unit uses which stays is that one's, too.
        if (!uses.every(({ id }) => ids.has(id))) continue
        add(removeVolumeStep({ id: `${at}/volume/${volume}`, after: uses.map(({ id }) => id), host, name: volume }))
      }
    }
    if (scope.only) continue
    // What has a step of its own is no leftover.
    const own = units.filter((placed) => placed.host === host).flatMap(({ unit: { name } }) => besides(name))
    add(leftoversStep({ id: `${at}/leftovers`, after, host, wanted: new Set(own) }))
    add(unprepareStep(host, [`${at}/leftovers`], registry))
  }
  return new StepGraph(steps)
}

/** `volume:/path` names a volume, `/on/host:/path` does not. */
const volumesOf = (volumes: readonly string[] = []) =>
  volumes.filter((bind) => !bind.startsWith("/")).map((bind) => bind.slice(0, bind.indexOf(":")))

/** The units that a scope chooses, with their hosts. Throws SCOPE_UNKNOWN and SCOPE_EMPTY. */
function unitsIn({ placement, inventory, hosts, scope }: LifecycleOptions) {
  checkScope(scope, placement, inventory)
  const services = placement.services.filter(({ name }) => scope.only?.includes(name))
  const ids = new Set(services.flatMap((service) => placement.stepsOf(service)))
  const chosen = <Placed extends { id: string; host: { name: string } }>(all: readonly Placed[]) =>
    all
      .filter(({ id, host }) => (!scope.only || ids.has(id)) && (scope.hosts?.includes(host.name) ?? true))
      .map((placed) => ({ ...placed, host: hosts.get(placed.host.name)! }))
  const units = { containers: chosen(placement.containers), tasks: chosen(placement.tasks) }
  if (units.containers.length + units.tasks.length === 0) throw new BifrostError(deployErrors.SCOPE_EMPTY)
  return units
}
