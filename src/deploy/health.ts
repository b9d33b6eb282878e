import type Docker from "dockerode"
import { transportErrors } from "../transport/errors.ts"
import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { execIn } from "./engine.ts"

export type Health = "healthy" | "unhealthy" | "died" | "timeout"

export interface HealthOptions {
  /** The host's name, for errors. */
  readonly host: string
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/** The engine asks every few seconds; services that start one after another would each wait for its next turn. */
const [firstPause, longestPause] = [250, 2000]

/**
 * Waits until a running container is healthy or surely will not be: by the engine's events, and by asking its health check
 * sooner than the engine does. `died` is told at its first end: an engine that restarts it over and over would hide a
 * failing start for ever.
 */
export async function settledHealth(engine: Docker, id: string, options: HealthOptions): Promise<Health> {
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const { promise, resolve, reject } = Promise.withResolvers<Health>()
  const cancel = options.clock.after(options.timeoutMs, () => resolve("timeout"))
  const onAbort = () => reject(options.signal.reason)
  options.signal.addEventListener("abort", onAbort, { once: true })
  try {
    const events = await engine.getEvents({
      filters: { container: [id], event: ["health_status", "die"] },
      abortSignal: signal,
    })
    const lost = (cause?: unknown) => {
      const detail = "it was to tell of a container that starts"
      reject(new BifrostError(transportErrors.HOST_ENGINE_LOST, { node: options.host, detail, cause }))
    }
    events.on("error", lost)
    events.on("close", () => lost())
    events.setEncoding("utf8")
    let partial = ""
    events.on("data", (chunk: string) => {
      const lines = (partial + chunk).split("\n")
      partial = lines.pop() ?? ""
      for (const line of lines) {
        const outcome = outcomeOf(line)
        if (outcome) resolve(outcome)
      }
    })
    // Asked after the subscription: a change in between is seen by one or the other.
    const { State, Config } = await engine.getContainer(id).inspect()
    if (!State.Running || State.Restarting) resolve("died")
    else if (!State.Health || State.Health.Status === "healthy") resolve("healthy")
    else if (State.Health.Status === "unhealthy") resolve("unhealthy")
    else {
      const [kind, ...command] = Config.Healthcheck?.Test ?? []
      if (kind === "CMD")
        untilItPasses(engine, id, command, options.clock, signal).then(
          () => resolve("healthy"),
          () => {},
        )
    }
    return await promise
  } finally {
    cancel()
    options.signal.removeEventListener("abort", onAbort)
    promise.catch(() => {})
    stop.abort()
  }
}

/** Rejects when the signal aborts, or when the container ended, which its event tells better. */
async function untilItPasses(engine: Docker, id: string, command: string[], clock: Clock, signal: AbortSignal) {
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    await clock.sleep(pause, signal)
    const { code } = await execIn(engine, id, command, { signal })
    if (code === 0) return
  }
}

function outcomeOf(line: string): Health | undefined {
  if (!line.trim()) return undefined
  const { Action = "" }: { Action?: string } = JSON.parse(line)
  if (Action === "die") return "died"
  if (Action === "health_status: healthy") return "healthy"
  return Action === "health_status: unhealthy" ? "unhealthy" : undefined
}
