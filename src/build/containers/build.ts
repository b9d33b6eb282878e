import { availableParallelism } from "node:os"
import type Docker from "dockerode"
import { StepGraph } from "../../graph/graph.ts"
import type { StepResult } from "../../graph/result.ts"
import { runGraph } from "../../graph/run.ts"
import type { Step } from "../../graph/step.ts"
import type { Clock } from "../../util/clock.ts"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { buildOne } from "./build-one.ts"
import type { ImageRecipe } from "./catalog.ts"
import { containerBuildErrors } from "./errors.ts"
import type { BuildEvent } from "./events.ts"
import { builtImages } from "./local.ts"
import { BuildLog, logFolder } from "./log.ts"
import { withRetries } from "./retry.ts"
import { sbomFile } from "./sbom.ts"

export interface BuildOptions {
  readonly docker: Docker
  readonly clock: Clock
  /** Images to build although one of the same inputs is there, by name: for newer packages. */
  readonly refresh?: ReadonlySet<string>
  /** How many images are built at a time. */
  readonly threads?: number
  /** How often an image whose build the network broke is tried again. */
  readonly retries?: number
  /** Root of the cache: Python environments are made there, and it gets a log and a package list of each image that is built. */
  readonly cache?: string
  readonly signal?: AbortSignal
  readonly onEvent?: (event: BuildEvent) => void
}

export interface ImageResult {
  readonly image: string
  readonly reference: string
  readonly status: "unchanged" | "built" | "failed" | "skipped"
  readonly seconds: number
  /** Bytes, uncompressed, shared layers included; absent when there is no image. */
  readonly size?: number
  readonly log?: string
  /** List of the packages in it, CycloneDX. */
  readonly sbom?: string
  readonly error?: BifrostError
  /** Of a skipped image: the ones that it builds on and that failed. */
  readonly because?: readonly string[]
}

export interface BuildSummary {
  /** In the order in which they ended. */
  readonly images: readonly ImageResult[]
  /** The chain of images that took longest. */
  readonly criticalPath: readonly string[]
}

/** One more than there are CPUs: while one image downloads, others compile. */
export const defaultThreads = availableParallelism() + 1
export const defaultRetries = 3

/**
 * Builds what has no image of its input hash yet, each image as soon as its parent is there. A failure skips only what builds
 * on it; `requireBuilt` turns the summary into an error. Rejects when the signal aborts, after the running builds have ended.
 */
export async function buildImages(recipes: readonly ImageRecipe[], options: BuildOptions): Promise<BuildSummary> {
  const results = new Map<string, ImageResult>()
  const sizes = new Map<string, number>()
  const threads = options.threads ?? defaultThreads
  const logs = options.cache && logFolder(options.cache)
  // One question for all: of fifty images that are there, each asked for alone would take longer than all else.
  for (const [reference, { size }] of await builtImages(options.docker)) sizes.set(reference, size)
  const graph = new StepGraph(
    recipes.map((recipe) => imageStep(recipe, recipes, sizes, { ...options, ...(logs && { logs }) })),
  )
  const { steps, criticalPath } = await runGraph(graph, {
    clock: options.clock,
    signal: options.signal ?? new AbortController().signal,
    limit: () => threads,
    onEvent(event) {
      if (event.kind === "apply") options.onEvent?.({ kind: "begin", image: event.step })
      if (event.kind !== "end") return
      const recipe = recipes.find(({ definition }) => definition.name === event.step)!
      const told = resultOf(event.result, recipe, sizes.get(recipe.reference), options.cache)
      // What failed, not what lies between and was skipped for the same reason.
      const because = told.because?.flatMap((id) => results.get(id)?.because ?? [id])
      const result = because ? { ...told, because: [...new Set(because)] } : told
      results.set(event.step, result)
      options.onEvent?.({ kind: "end", image: event.step, result })
    },
  })
  return { images: steps.map(({ id }) => results.get(id)!), criticalPath }
}

/** Throws IMAGES_FAILED, which names each image that is not there, unless all are. */
export function requireBuilt(summary: BuildSummary): BuildSummary {
  const failed = summary.images.filter(({ status }) => status === "failed")
  if (failed.length === 0) return summary
  if (failed.length === 1 && summary.images.every(({ status }) => status !== "skipped")) throw failed[0]!.error
  const skipped = summary.images.filter(({ status }) => status === "skipped").map(({ image }) => image)
  const because = skipped.length > 0 ? `; not built because of it: ${skipped.join(", ")}` : ""
  const detail = `${failed.map(({ image }) => image).join(", ")}${because}`
  throw new BifrostError(containerBuildErrors.IMAGES_FAILED, { detail, cause: failed[0]!.error })
}

function imageStep(
  recipe: ImageRecipe,
  all: readonly ImageRecipe[],
  sizes: Map<string, number>,
  options: BuildOptions & { readonly logs?: string },
): Step<boolean> {
  const { name } = recipe.definition
  let stale = options.refresh?.has(name) ?? false
  return {
    id: name,
    after: recipe.needs.filter((other) => all.some(({ definition }) => definition.name === other)),
    resources: () => ["engine"],
    async inspect() {
      const there = sizes.has(recipe.reference)
      if (there && recipe.alias) await tagImage(options.docker, recipe.reference, recipe.alias)
      return there && !stale
    },
    plan: (present) => (present ? [] : [{ action: "create", target: `image ${name}` }]),
    async apply(_, signal) {
      const log = new BuildLog(name, options.logs)
      const onLine = (line: string) => {
        log.write(line)
        options.onEvent?.({ kind: "line", image: name, line })
      }
      const onRetry = (error: string, seconds: number) => {
        log.write(`--- ${error}; again in ${seconds} s`)
        options.onEvent?.({ kind: "retry", image: name, error, seconds })
      }
      const { docker, clock, cache, retries = defaultRetries } = options
      try {
        const attempt = () =>
          buildOne(recipe, { docker, clock, refresh: stale, signal, onLine, ...(cache && { cache }) })
        await withRetries(attempt, { clock, signal, retries, onRetry })
        stale = false
        sizes.set(recipe.reference, (await docker.getImage(recipe.reference).inspect()).Size)
      } finally {
        await log.end()
      }
    },
  }
}

/** Gives an image one more name. */
async function tagImage(docker: Docker, reference: string, alias: string): Promise<void> {
  const at = alias.lastIndexOf(":")
  await docker.getImage(reference).tag({ repo: alias.slice(0, at), tag: alias.slice(at + 1) })
}

function resultOf(step: StepResult, recipe: ImageRecipe, size: number | undefined, cache?: string): ImageResult {
  const status = ({ unchanged: "unchanged", planned: "unchanged", changed: "built" } as const)[step.status as "changed"]
  const image = recipe.definition.name
  const log = cache === undefined || step.changes.length === 0 ? {} : { log: BuildLog.path(image, logFolder(cache)) }
  const seconds = (step.endedAt - step.startedAt - (step.waited ?? 0)) / 1000
  const base = { image, reference: recipe.reference, seconds, ...log }
  if (step.status === "skipped") return { ...base, status: "skipped", because: step.because ?? [] }
  if (step.status !== "failed") {
    const sbom = cache === undefined || status !== "built" ? {} : { sbom: sbomFile(cache, recipe) }
    return { ...base, status, ...(size !== undefined && { size }), ...sbom }
  }
  return { ...base, status: "failed", error: withLog(step.error, image, base.log) }
}

function withLog(cause: unknown, image: string, log: string | undefined): BifrostError {
  if (log === undefined && cause instanceof BifrostError) return cause
  const detail = cause instanceof BifrostError ? cause.detail : `${image}\n${messageOf(cause)}`
  const where = log === undefined ? "" : `\nfull log: ${log}`
  return new BifrostError(containerBuildErrors.IMAGE_BUILD_FAILED, { detail: `${detail}${where}`, cause })
}
