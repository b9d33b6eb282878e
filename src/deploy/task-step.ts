import type Docker from "dockerode"
import type { Step } from "../graph/step.ts"
import { BifrostError } from "../util/errors.ts"
import { createContainer, type UnitStepOptions } from "./container-step.ts"
import { findContainer, lastLines, removeContainer } from "./engine.ts"
import { deployErrors } from "./errors.ts"
import { applyFiles, inspectFiles } from "./files.ts"
import { redact } from "./secrets.ts"
import { isDone } from "./survey.ts"
import { labels, type Unit } from "./unit.ts"

interface TaskSeen {
  /** It ended well for this fingerprint. */
  readonly done: boolean
  readonly unit: Unit
  readonly fingerprint: string
  readonly container: Docker.ContainerInspectInfo | undefined
}

/**
 * A container that runs to its end. The ended container stays as the record: it says what was done, how it ended and what
 * it printed, and it goes on although we die.
 */
export function taskStep(
  options: UnitStepOptions & { readonly fingerprint: (unit: Unit) => Promise<string> },
): Step<TaskSeen> {
  const { host, secrets } = options
  const { engine } = host.transport
  let last: TaskSeen | undefined
  return {
    id: options.id,
    after: options.after,
    async inspect() {
      const unit = await options.unit()
      const [fingerprint, survey] = await Promise.all([options.fingerprint(unit), host.survey()])
      const done = isDone(survey, unit.name, fingerprint)
      last = { done, unit, fingerprint, container: done ? undefined : await findContainer(engine, unit.name) }
      return last
    },
    plan({ done, unit, fingerprint, container }) {
      if (done) return []
      const target = `task ${unit.name}`
      if (!container) return [{ action: "run", target }]
      if (container.Config.Labels?.[labels.task] !== fingerprint)
        return [{ action: "run", target, reason: "what it depends on changed" }]
      if (container.State.Status === "exited" && container.State.ExitCode === 0) return []
      const reason = container.State.Running ? "it is still running" : `it ended with exit ${container.State.ExitCode}`
      return [{ action: "run", target, reason }]
    },
    async apply(_changes, signal) {
      const { unit, fingerprint, container } = last!
      const goesOn = container?.State.Running && container.Config.Labels?.[labels.task] === fingerprint
      if (!goesOn) {
        await removeContainer(engine, unit.name)
        await applyFiles(host.transport, await inspectFiles(host.transport, unit.folder, unit.files, signal), signal)
        await createContainer(engine, unit, { [labels.task]: fingerprint })
        await engine.getContainer(unit.name).start()
      }
      const { StatusCode } = await engine.getContainer(unit.name).wait({ abortSignal: signal })
      host.touched()
      if (StatusCode === 0) return
      const detail = `${unit.name} (exit ${StatusCode})\n${redact(await lastLines(engine, unit.name), secrets)}`
      throw new BifrostError(deployErrors.TASK_FAILED, { node: host.entry.name, detail })
    },
  }
}
