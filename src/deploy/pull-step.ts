import type { Step } from "../graph/step.ts"
import { isLost } from "../transport/errors.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { orAbsent } from "./engine.ts"
import { deployErrors } from "./errors.ts"
import type { DeployHost } from "./host.ts"

export interface PullProgress {
  readonly image: string
  /** Bytes over the network, of the layers known so far. */
  readonly done: number
  readonly total: number
}

export interface PullStepOptions {
  readonly id: string
  readonly after: readonly string[]
  readonly host: DeployHost
  /** `registry/repository@sha256:…` */
  readonly reference: string
  readonly onProgress: (progress: PullProgress) => void
}

/** What the engine and the registry say → what that takes, where it is not the registry that is down. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /no space left on device/,
    "Make room on the host where its engine keeps images: docker system df and df -h tell. Then run the command again: layers that came are kept.",
  ],
  [
    /manifest unknown|not found/,
    "The registry does not have what images.lock names: run bifrost-ts images push, or take the images.lock of the last push. Then run the command again.",
  ],
]

export function pullStep(options: PullStepOptions): Step<boolean> {
  const { host, reference } = options
  const { engine } = host.transport
  return {
    id: options.id,
    after: options.after,
    inspect: async () =>
      (await host.survey()).images.has(reference) ||
      (await orAbsent(engine.getImage(reference).inspect())) !== undefined,
    plan: (present) => (present ? [] : [{ action: "pull", target: `image ${reference}` }]),
    resources: () => [`${host.entry.name}/pull`],
    async apply(_changes, signal) {
      host.touched()
      try {
        const stream = await engine.pull(reference, { abortSignal: signal })
        await new Promise<void>((resolve, reject) => {
          const layers = new Map<string, { current: number; total: number }>()
          engine.modem.followProgress(
            stream,
            (error, output: { error?: string }[]) => {
              const reported = output?.find((entry) => entry.error !== undefined)?.error
              if (error ?? reported) reject(error ?? new Error(reported))
              else resolve()
            },
            (entry: { id?: string; status?: string; progressDetail?: { current?: number; total?: number } }) => {
              const { current, total } = entry.progressDetail ?? {}
              if (entry.status !== "Downloading" || !entry.id || current === undefined || total === undefined) return
              layers.set(entry.id, { current, total })
              const sum = (key: "current" | "total") => [...layers.values()].reduce((all, layer) => all + layer[key], 0)
              options.onProgress({ image: reference, done: sum("current"), total: sum("total") })
            },
          )
        })
      } catch (cause) {
        if (signal.aborted || isLost(cause)) throw cause
        const said = cause instanceof BifrostError && cause.detail !== undefined ? cause.detail : messageOf(cause)
        const [, remedy] = remedies.find(([words]) => words.test(said)) ?? []
        const detail = `${reference}: ${said}`
        throw new BifrostError(deployErrors.PULL_FAILED, {
          ...{ node: host.entry.name, detail, cause },
          ...(remedy !== undefined && { remedy }),
        })
      }
    },
  }
}
