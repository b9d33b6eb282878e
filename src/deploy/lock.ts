import { BifrostError } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"
import type { SiteConfig } from "./site.ts"

/** images.lock: what was pushed, by digest, so that every host runs the same bytes whatever tags do later. */
export interface ImagesLock {
  readonly version: 1
  readonly images: Readonly<Record<string, LockedImage>>
}

export interface LockedImage {
  /** Without the registry's address, e.g. `bifrost/keystone`. */
  readonly repository: string
  /** `sha256:…` of the manifest. */
  readonly digest: string
}

export function parseLock(text: string): ImagesLock {
  try {
    const lock: ImagesLock = JSON.parse(text)
    if (lock.version === 1 && typeof lock.images === "object") return lock
  } catch (cause) {
    throw new BifrostError(deployErrors.LOCK_UNREADABLE, { cause })
  }
  throw new BifrostError(deployErrors.LOCK_UNREADABLE, { expected: "version 1" })
}

/**
 * `registry/repository@sha256:…`; of a registry of the site's own, what is not locked is `registry/namespace/image:tag`.
 * Throws IMAGE_NOT_LOCKED.
 */
export function imageReference(
  lock: ImagesLock,
  registry: string,
  image: string,
  { images: own }: Pick<SiteConfig, "images">,
): string {
  const locked = lock.images[image]
  if (locked) return `${registry}/${locked.repository}@${locked.digest}`
  if (own.registry !== undefined) return `${registry}/${own.namespace}/${image}:${own.tag}`
  throw new BifrostError(deployErrors.IMAGE_NOT_LOCKED, { detail: image })
}
