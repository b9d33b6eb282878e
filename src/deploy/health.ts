import type Docker from "dockerode"
import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"

export type Health = "healthy" | "unhealthy" | "died" | "timeout"

/**
 * Waits, by the engine's events, until a running container is healthy or surely will not be. Reads only. `died` is told
 * at its first end: an engine that restarts it over and over would hide a failing start for ever.
 */
export async function settledHealth(
  engine: Docker,
  id: string,
  options: { clock: Clock; signal: AbortSignal; timeoutMs: number },
): Promise<Health> {
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
    events.on("error", reject)
    events.on("close", () => reject(new BifrostError(deployErrors.ENGINE_LOST)))
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
    const { State } = await engine.getContainer(id).inspect()
    if (!State.Running || State.Restarting) resolve("died")
    else if (!State.Health || State.Health.Status === "healthy") resolve("healthy")
    else if (State.Health.Status === "unhealthy") resolve("unhealthy")
    return await promise
  } finally {
    cancel()
    options.signal.removeEventListener("abort", onAbort)
    promise.catch(() => {})
    stop.abort()
  }
}

function outcomeOf(line: string): Health | undefined {
  if (!line.trim()) return undefined
  const { Action = "" }: { Action?: string } = JSON.parse(line)
  if (Action === "die") return "died"
  if (Action === "health_status: healthy") return "healthy"
  return Action === "health_status: unhealthy" ? "unhealthy" : undefined
}
