import type { Step } from "../../graph/step.ts"
import { findContainer, stopContainer } from "../engine.ts"
import type { DeployHost } from "../host.ts"
import { isOurs } from "../survey.ts"

export interface LifecycleStepOptions {
  readonly id: string
  readonly after: readonly string[]
  readonly host: DeployHost
  /** The container's. */
  readonly name: string
}

const ended: readonly string[] = ["exited", "created", "dead"]
/** A database writes out what it holds in memory. */
const stopSeconds = 60

/** A container of ours that should not run. It stays ended when the engine or the host is restarted. */
export function stopStep({ id, after, host, name }: LifecycleStepOptions): Step<boolean> {
  return {
    id,
    after,
    async inspect() {
      const container = (await host.survey()).containers.get(name)
      if (!isOurs(container) || ended.includes(container.State)) return false
      // The engine's list may be a moment behind a stop that has just been answered; the container itself is not.
      const now = await findContainer(host.transport.engine, name)
      return now !== undefined && !ended.includes(now.State.Status)
    },
    // One host after the other: the last member of a cluster to leave it knows that it was the last.
    resources: () => [id.slice(id.indexOf("/") + 1)],
    plan: (runs) => (runs ? [{ action: "stop", target: `container ${name}` }] : []),
    async apply() {
      await stopContainer(host.transport.engine, name, stopSeconds)
      host.touched()
    },
  }
}
