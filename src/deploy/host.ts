import type { HostTransport } from "../transport/port.ts"
import type { Clock } from "../util/clock.ts"
import type { InventoryHost } from "./inventory.ts"
import { interfacesFrom } from "./networks.ts"
import { recent } from "./recent.ts"
import type { HostFacts } from "./service.ts"
import { type Survey, surveyOf } from "./survey.ts"

/** A host of the inventory with the way to it. */
export interface DeployHost {
  readonly entry: InventoryHost
  readonly transport: HostTransport
  /** Asked once a run; a failure is not kept, so that the next step tries again. */
  facts(): Promise<HostFacts>
  /** All that it has, as seen within the last seconds and after the last `touched()`. */
  survey(): Promise<Survey>
  /** Says that something was changed on it. */
  touched(): void
}

export function deployHost(entry: InventoryHost, transport: HostTransport, clock: Clock): DeployHost {
  let known: Promise<HostFacts> | undefined
  const survey = recent(clock, () => surveyOf(transport))
  return {
    entry,
    transport,
    facts() {
      known ??= Promise.all([
        transport.engine.info() as Promise<{ NCPU: number; MemTotal: number }>,
        transport.exec(["ip", "-json", "address", "show"]),
      ]).then(([info, links]) => ({
        cpus: info.NCPU,
        memoryMb: Math.floor(info.MemTotal / 1024 / 1024),
        interfaces: interfacesFrom(links.stdout),
      }))
      known.catch(() => {
        known = undefined
      })
      return known
    },
    survey,
    touched: survey.forget,
  }
}
