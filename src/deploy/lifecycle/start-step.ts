import type { Step } from "../../graph/step.ts"
import type { Clock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import { lastLines, startContainer, unhealthyError } from "../engine.ts"
import { deployErrors } from "../errors.ts"
import { settledHealth } from "../health.ts"
import { isOurs } from "../survey.ts"
import type { LifecycleStepOptions } from "./stop-step.ts"

export interface StartStepOptions extends LifecycleStepOptions {
  readonly startSeconds: number
  readonly clock: Clock
  readonly redact: (text: string) => string
}

/** A container that is there should run, as it was made: nothing about it is changed. */
export function startStep({ id, after, host, name, clock, startSeconds, redact }: StartStepOptions): Step<boolean> {
  const { engine } = host.transport
  return {
    id,
    after,
    async inspect() {
      const container = (await host.survey()).containers.get(name)
      if (isOurs(container)) return container.State === "running"
      throw new BifrostError(deployErrors.NOT_DEPLOYED, { node: host.entry.name, detail: name })
    },
    plan: (runs) => (runs ? [] : [{ action: "start", target: `container ${name}` }]),
    async apply(_changes, signal) {
      const container = engine.getContainer(name)
      const { Id, State } = await container.inspect()
      if (State.Paused) await container.unpause()
      else await startContainer(engine, name)
      host.touched()
      const outcome = await settledHealth(engine, Id, {
        host: host.entry.name,
        clock,
        signal,
        timeoutMs: startSeconds * 1000,
      })
      if (outcome === "healthy") return
      throw unhealthyError(host.entry.name, name, outcome === "died", redact(await lastLines(engine, name)))
    },
  }
}
