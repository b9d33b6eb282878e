import type { Step } from "../graph/step.ts"
import { removeContainer } from "./engine.ts"
import type { DeployHost } from "./host.ts"
import { failedName, oldName, successorOf } from "./replace.ts"
import { isOurs } from "./survey.ts"

export interface LeftoversStepOptions {
  readonly id: string
  readonly after: readonly string[]
  readonly host: DeployHost
  readonly wanted: ReadonlySet<string>
}

/** Containers of ours that no definition names any more. */
export function leftoversStep({ id, after, host, wanted }: LeftoversStepOptions): Step<readonly string[]> {
  const { engine } = host.transport
  return {
    id,
    after,
    async inspect() {
      const { containers } = await host.survey()
      const names = [...containers.keys()].filter((name) => isOurs(containers.get(name)))
      // What was set aside for a successor is that one's own business.
      return names.filter(
        (name) => !wanted.has(name) && !(name === oldName(successorOf(name)) && wanted.has(successorOf(name))),
      )
    },
    plan: (names) =>
      names.map((name) => ({
        action: "remove",
        target: `container ${name}`,
        reason: name === failedName(successorOf(name)) ? "an attempt that failed" : "no longer defined",
      })),
    async apply(changes) {
      for (const { target } of changes) await removeContainer(engine, target.replace(/^container /, ""))
      host.touched()
    },
  }
}
