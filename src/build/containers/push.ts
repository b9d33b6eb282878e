import type Docker from "dockerode"
import { type Clock, systemClock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import type { ImageRecipe } from "./catalog.ts"
import { followProgress } from "./engine.ts"
import { containerBuildErrors } from "./errors.ts"
import { withRetries } from "./retry.ts"

export interface PushOptions {
  readonly docker: Docker
  /** host:port as the engine reaches it. The engine itself asks no TLS of 127.0.0.0/8. */
  readonly registry: string
  /** In the registry, in place of the inputs' hash. */
  readonly tag?: string
  /** How often an image whose transfer the network broke is tried again. */
  readonly retries?: number
  readonly clock?: Clock
  readonly signal?: AbortSignal
  readonly onPushed?: (image: string, digest: string) => void
  readonly onRetry?: (image: string, error: string, seconds: number) => void
}

/** What goes into images.lock; src/deploy/lock.ts reads it. */
export interface PushedImages {
  readonly version: 1
  readonly images: Readonly<
    Record<string, { readonly repository: string; readonly digest: string; readonly input: string }>
  >
}

/** Pushes images that have been built. Layers that the registry has are not sent again. */
export async function pushImages(recipes: readonly ImageRecipe[], options: PushOptions): Promise<PushedImages> {
  const images: Record<string, PushedImages["images"][string]> = {}
  const { clock = systemClock, retries = 0, signal } = options
  for (const { definition, hash, reference } of recipes) {
    options.signal?.throwIfAborted()
    const { name } = definition
    const [repository = "", own = ""] = reference.split(":")
    const push = () => pushOne(reference, `${options.registry}/${repository}`, options.tag ?? own, options)
    const onRetry = (error: string, seconds: number) => options.onRetry?.(name, error, seconds)
    const digest = await withRetries(push, { clock, retries, onRetry, ...(signal && { signal }) })
    images[name] = { repository, digest, input: hash }
    options.onPushed?.(name, digest)
  }
  return { version: 1, images }
}

async function pushOne(local: string, repo: string, tag: string, { docker, signal }: PushOptions): Promise<string> {
  try {
    await docker.getImage(local).tag({ repo, tag })
  } catch (cause) {
    throw new BifrostError(containerBuildErrors.IMAGE_NOT_BUILT, { detail: local, cause })
  }
  const remote = docker.getImage(`${repo}:${tag}`)
  try {
    const stream = await remote.push({ tag, authconfig: {}, ...(signal && { abortSignal: signal }) })
    const kind = containerBuildErrors.IMAGE_PUSH_FAILED
    const progress = await followProgress(docker, stream, { kind, subject: `${repo}:${tag}` })
    const digest = progress.find(({ aux }) => aux?.Digest)?.aux?.Digest
    if (digest) return digest
    throw new BifrostError(kind, { detail: `${repo}:${tag}`, expected: "a digest from the registry" })
  } finally {
    // Only the tag for this registry goes; the image stays under its own name.
    await remote.remove({ noprune: true }).catch(() => {})
  }
}
