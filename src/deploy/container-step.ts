import type Docker from "dockerode"
import type { Change, Step } from "../graph/step.ts"
import { isLost } from "../transport/errors.ts"
import type { Clock } from "../util/clock.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { findContainer, lastLines, startContainer, unhealthyError } from "./engine.ts"
import { deployErrors } from "./errors.ts"
import { applyFiles, type FilesSeen, inspectFiles, planFiles } from "./files.ts"
import { settledHealth } from "./health.ts"
import type { DeployHost } from "./host.ts"
import { dropOld, failedName, oldName, opensDataOf, putBack, setAside } from "./replace.ts"
import { redact } from "./secrets.ts"
import { isServing } from "./survey.ts"
import { labels, type Unit } from "./unit.ts"

export interface UnitStepOptions {
  readonly id: string
  readonly after: readonly string[]
  readonly host: DeployHost
  readonly unit: () => Promise<Unit>
  readonly clock: Clock
  readonly secrets: readonly Secret[]
}

export interface ContainerStepOptions extends UnitStepOptions {
  readonly startSeconds: number
  /** Of `after`, those that it has to wait for only when it is made, or made from another image. */
  readonly earlier: readonly string[]
  /** Unit → the host on which it failed in this run, and so is not touched on the others. */
  readonly stopped: Map<string, string>
}

interface ContainerSeen {
  /** Nothing differs; the rest was not looked at closely. */
  readonly serving?: true
  readonly unit: Unit
  readonly files: FilesSeen
  readonly container: Docker.ContainerInspectInfo | undefined
  /** Its health check passed, although the engine has not asked it yet. */
  readonly passed?: boolean
  /** The one that served before, set aside by a run that did not come to its end. */
  readonly previous: Docker.ContainerInspectInfo | undefined
}

const unseen = { files: { wanted: [], surplus: [] }, container: undefined, previous: undefined }

/** Changes that take a container out of service for a while. */
const disturbing: readonly Change["action"][] = ["recreate", "restart"]

/** Changes under which a container stays the same program, which those that it comes after know already. */
const staysItself = ({ action, target, reason }: Change) =>
  !target.startsWith("container ") || (action !== "create" && (action !== "recreate" || reason === "configuration"))

/** A container that should run: files, image, specification and health, each compared before anything is touched. */
export function containerStep(options: ContainerStepOptions): Step<ContainerSeen> {
  const { host, clock, secrets, stopped } = options
  const { transport } = host
  const { engine } = transport
  /** The same on all hosts that carry it. */
  const everywhere = options.id.slice(options.id.indexOf("/") + 1)
  let last: ContainerSeen | undefined

  const health = (id: string, signal: AbortSignal) =>
    settledHealth(engine, id, { host: host.entry.name, clock, signal, timeoutMs: options.startSeconds * 1000 })

  const becomeHealthy = async (name: string, signal: AbortSignal) => {
    const { Id } = await engine.getContainer(name).inspect()
    const outcome = await health(Id, signal)
    if (outcome === "healthy") return
    const lines = redact(await lastLines(engine, name), secrets)
    throw unhealthyError(host.entry.name, name, outcome === "died", lines)
  }

  /** What became of the service after a successor failed, as the end of that error's text. */
  const goBack = async ({ unit, container, previous }: ContainerSeen, signal: AbortSignal): Promise<string> => {
    if (opensDataOf(unit, previous ?? container))
      return `The container before it is kept, ended, as ${oldName(unit.name)}: its data has been opened by a newer program.`
    try {
      await putBack(transport, unit, signal)
      await becomeHealthy(unit.name, signal)
      return `The container before it serves again; this one is kept, ended, as ${failedName(unit.name)}.`
    } catch (error) {
      signal.throwIfAborted()
      return `The container before it does not serve either: ${messageOf(error)}`
    }
  }

  const bringAbout = async ({ unit, files }: ContainerSeen, action: Change["action"], signal: AbortSignal) => {
    await applyFiles(transport, files, signal)
    if (action === "recreate" || action === "create") await createContainer(engine, unit)
    signal.throwIfAborted()
    if (action === "restart") await engine.getContainer(unit.name).restart({ t: 30 })
    else await startContainer(engine, unit.name)
    await becomeHealthy(unit.name, signal)
  }

  /** Lets the one before serve again when the new one does not. */
  const replace = async (seen: ContainerSeen, action: Change["action"], signal: AbortSignal) => {
    if (action === "recreate") await setAside(transport, seen.unit, signal)
    try {
      await bringAbout(seen, action, signal)
    } catch (error) {
      const replaces = action === "recreate" || seen.previous !== undefined
      // A host that went away says nothing against the successor: it is looked at when the host is back.
      if (replaces && !signal.aborted && !isLost(error) && error instanceof Error)
        error.message += `\n${await goBack(seen, signal)}`
      throw error
    }
  }

  const act = async (seen: ContainerSeen, action: Change["action"], signal: AbortSignal) => {
    const elsewhere = stopped.get(everywhere)
    if (elsewhere !== undefined && disturbing.includes(action)) {
      const detail = `${seen.unit.name} failed on ${elsewhere}`
      throw new BifrostError(deployErrors.ROLLOUT_STOPPED, { node: host.entry.name, detail })
    }
    try {
      await replace(seen, action, signal)
    } catch (error) {
      if (!signal.aborted) stopped.set(everywhere, host.entry.name)
      throw error
    }
  }

  return {
    id: options.id,
    after: options.after,
    lenient: { ids: options.earlier, waits: (changes) => !changes.every(staysItself) },
    async inspect(signal) {
      const [unit, survey] = await Promise.all([options.unit(), host.survey()])
      if (isServing(survey, unit)) return { serving: true, unit, ...unseen }
      const [files, found, previous] = await Promise.all([
        inspectFiles(transport, unit.folder, unit.files, signal),
        findContainer(engine, unit.name),
        findContainer(engine, oldName(unit.name)),
      ])
      let container = found
      // Whoever started it may have died before it was healthy: what it comes to is worth waiting for.
      const starting = container?.State.Running && container.State.Health?.Status === "starting"
      if (container && starting && recreateReasons(unit, container).length === 0) {
        const passed = (await health(container.Id, signal)) === "healthy"
        container = await findContainer(engine, unit.name)
        last = { unit, files, container, previous, passed }
      } else last = { unit, files, container, previous }
      return last
    },
    plan({ serving, unit, files, container, passed = false, previous }) {
      if (serving) return []
      const fileChanges = planFiles(files, secrets)
      const target = `container ${unit.name}`
      if (!container) {
        const reason = previous && { reason: `${oldName(unit.name)} was set aside for it` }
        return [...fileChanges, { action: "create", target, ...reason }]
      }
      const reasons = recreateReasons(unit, container)
      if (reasons.length > 0) return [...fileChanges, { action: "recreate", target, reason: reasons.join(", ") }]
      const change = startChange(container, passed, target)
      if (change) return [...fileChanges, change]
      // Right files made it, then someone edited them on the host: it may have read the edited ones since.
      if (fileChanges.length > 0) return [...fileChanges, { action: "restart", target, reason: "files were edited" }]
      if (!previous) return []
      return [{ action: "remove", target: `container ${oldName(unit.name)}`, reason: "its successor is healthy" }]
    },
    // One host after the other: the rest serves meanwhile.
    resources: (changes) => (changes.some(({ action }) => disturbing.includes(action)) ? [everywhere] : []),
    async apply(changes, signal) {
      const seen = last!
      const { unit } = seen
      const action = changes.find(({ target }) => target === `container ${unit.name}`)?.action
      try {
        if (action) await act(seen, action, signal)
        if (action !== "create" || seen.previous) await dropOld(transport, unit, signal)
      } finally {
        host.touched()
      }
    },
  }
}

export async function createContainer(engine: Docker, unit: Unit, extra: Record<string, string> = {}): Promise<void> {
  await engine.createContainer({ ...unit.options, Labels: { ...unit.labels, ...extra } })
}

/** Fingerprint → what it is of, in a plan's words. */
const madeFrom = {
  [labels.image]: "image",
  [labels.environment]: "environment",
  [labels.mounts]: "mounts",
  [labels.spec]: "specification",
  [labels.config]: "configuration",
} as const

function recreateReasons(unit: Unit, container: Docker.ContainerInspectInfo): string[] {
  const has = container.Config.Labels ?? {}
  if (has[labels.owner] !== unit.labels[labels.owner]) return ["it was made by someone else"]
  return Object.entries(madeFrom).flatMap(([label, word]) => (has[label] === unit.labels[label] ? [] : [word]))
}

function startChange({ State }: Docker.ContainerInspectInfo, passed: boolean, target: string): Change | undefined {
  if (State.Status === "created") return { action: "start", target, reason: "it was never started" }
  if (State.Restarting) return { action: "restart", target, reason: `it keeps ending (exit ${State.ExitCode})` }
  if (State.Paused) return { action: "restart", target, reason: "it is paused" }
  if (!State.Running) return { action: "start", target, reason: `it ended (exit ${State.ExitCode})` }
  const health = State.Health?.Status
  if (health && health !== "healthy" && !(passed && health === "starting"))
    return { action: "restart", target, reason: `it is ${health}` }
  return undefined
}
