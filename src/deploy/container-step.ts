import type Docker from "dockerode"
import type { Change, Step } from "../graph/step.ts"
import type { Clock } from "../util/clock.ts"
import type { Secret } from "../util/secret.ts"
import { findContainer, lastLines, orAbsent, removeContainer, unhealthyError } from "./engine.ts"
import { applyFiles, type FilesSeen, inspectFiles, planFiles } from "./files.ts"
import { settledHealth } from "./health.ts"
import type { DeployHost } from "./host.ts"
import { redact } from "./secrets.ts"
import { labels, type Unit } from "./unit.ts"

export interface UnitStepOptions {
  readonly id: string
  readonly after: readonly string[]
  readonly host: DeployHost
  readonly unit: () => Promise<Unit>
  readonly clock: Clock
  readonly secrets: readonly Secret[]
}

interface ContainerSeen {
  readonly unit: Unit
  readonly files: FilesSeen
  readonly container: Docker.ContainerInspectInfo | undefined
}

/** A container that should run: files, image, specification and health, each compared before anything is touched. */
export function containerStep(options: UnitStepOptions & { readonly startSeconds: number }): Step<ContainerSeen> {
  const { host, clock, secrets } = options
  const { engine } = host.transport
  let last: ContainerSeen | undefined

  const health = (id: string, signal: AbortSignal) =>
    settledHealth(engine, id, { clock, signal, timeoutMs: options.startSeconds * 1000 })

  return {
    id: options.id,
    after: options.after,
    async inspect(signal) {
      const unit = await options.unit()
      const files = await inspectFiles(host.transport, unit.folder, unit.files, signal)
      let container = await findContainer(engine, unit.name)
      // Whoever started it may have died before it was healthy: what it comes to is worth waiting for.
      const starting = container?.State.Running && container.State.Health?.Status === "starting"
      if (container && starting && recreateReasons(unit, container).length === 0) {
        await health(container.Id, signal)
        container = await findContainer(engine, unit.name)
      }
      last = { unit, files, container }
      return last
    },
    plan({ unit, files, container }) {
      const fileChanges = planFiles(files, secrets)
      const target = `container ${unit.name}`
      if (!container) return [...fileChanges, { action: "create", target }]
      const reasons = recreateReasons(unit, container)
      if (reasons.length > 0) return [...fileChanges, { action: "recreate", target, reason: reasons.join(", ") }]
      const change = startChange(container, target)
      if (change) return [...fileChanges, change]
      // Right files made it, then someone edited them on the host: it may have read the edited ones since.
      return fileChanges.length > 0 ? [...fileChanges, { action: "restart", target, reason: "files were edited" }] : []
    },
    async apply(changes, signal) {
      const { unit, files } = last!
      await applyFiles(host.transport, files, signal)
      const action = changes.find(({ target }) => target === `container ${unit.name}`)?.action
      if (action === "recreate") await removeContainer(engine, unit.name)
      if (action === "recreate" || action === "create") await createContainer(engine, unit)
      signal.throwIfAborted()
      const container = engine.getContainer(unit.name)
      if (action === "restart") await container.restart({ t: 30 })
      else await container.start()
      const { Id } = await container.inspect()
      const outcome = await health(Id, signal)
      if (outcome === "healthy") return
      const lines = redact(await lastLines(engine, unit.name), secrets)
      throw unhealthyError(host.entry.name, unit.name, outcome === "died", lines)
    },
  }
}

export async function createContainer(engine: Docker, unit: Unit, extra: Record<string, string> = {}): Promise<void> {
  await engine.createContainer({ ...unit.options, Labels: { ...unit.labels, ...extra } })
}

function recreateReasons(unit: Unit, container: Docker.ContainerInspectInfo): string[] {
  const has = container.Config.Labels ?? {}
  if (has[labels.owner] !== unit.labels[labels.owner]) return ["it was made by someone else"]
  const differs = (label: string) => has[label] !== unit.labels[label]
  return [
    ...(differs(labels.image) ? ["image"] : []),
    ...(differs(labels.spec) ? ["specification"] : []),
    ...(differs(labels.config) ? ["configuration"] : []),
  ]
}

function startChange({ State }: Docker.ContainerInspectInfo, target: string): Change | undefined {
  if (State.Status === "created") return { action: "start", target, reason: "it was never started" }
  if (State.Restarting) return { action: "restart", target, reason: `it keeps ending (exit ${State.ExitCode})` }
  if (State.Paused) return { action: "restart", target, reason: "it is paused" }
  if (!State.Running) return { action: "start", target, reason: `it ended (exit ${State.ExitCode})` }
  if (State.Health && State.Health.Status !== "healthy")
    return { action: "restart", target, reason: `it is ${State.Health.Status}` }
  return undefined
}

/** Containers of ours that no definition names any more. */
export function leftoversStep(options: {
  id: string
  after: readonly string[]
  host: DeployHost
  wanted: ReadonlySet<string>
}): Step<readonly string[]> {
  const { engine } = options.host.transport
  return {
    id: options.id,
    after: options.after,
    async inspect() {
      const ours = await engine.listContainers({ all: true, filters: { label: [`${labels.owner}=site`] } })
      return ours.map(({ Names }) => (Names[0] ?? "").replace(/^\//, "")).filter((name) => !options.wanted.has(name))
    },
    plan: (names) =>
      names.map((name) => ({ action: "remove", target: `container ${name}`, reason: "no longer defined" })),
    async apply(changes) {
      for (const { target } of changes) await orAbsent(removeContainer(engine, target.replace(/^container /, "")))
    },
  }
}
