import type { ProvisionEvent, ProvisionTarget } from "../states/table.ts"
import { targets } from "../states/table.ts"
import type { ProvisionVerb } from "./port.ts"

export interface Verb {
  readonly event: ProvisionEvent
  /** Null for a verb that ends where it leads. */
  readonly target: ProvisionTarget | null
  /** A reason why it is refused although the table knows it. */
  readonly unsupported?: string
  /** Refused while the node is in maintenance: it would put the machine to work. */
  readonly works?: true
  /** Switches the machine and chooses what it starts. */
  readonly boots?: true
}

const deploy: Verb = { event: "deploy", target: targets.deploy, works: true, boots: true }
const remove: Verb = { event: "delete", target: targets.delete }
const rescue = "Rescue needs a ramdisk with a login of its own."
const service = "Service steps on an active node are not carried out."

export const verbs: Record<ProvisionVerb, Verb> = {
  active: deploy,
  deploy,
  rebuild: { event: "rebuild", target: targets.rebuild, works: true, boots: true },
  deleted: remove,
  undeploy: remove,
  manage: { event: "manage", target: targets.manage },
  provide: { event: "provide", target: targets.provide, works: true },
  inspect: { event: "inspect", target: targets.inspect, works: true, boots: true },
  clean: { event: "clean", target: targets.clean, works: true, boots: true },
  adopt: { event: "adopt", target: targets.adopt },
  abort: { event: "abort", target: null },
  unhold: { event: "unhold", target: null, unsupported: "No step here holds." },
  rescue: { event: "rescue", target: targets.rescue, unsupported: rescue },
  unrescue: { event: "unrescue", target: targets.unrescue, unsupported: rescue },
  service: { event: "service", target: targets.service, unsupported: service },
}
