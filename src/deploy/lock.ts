import { BifrostError } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"

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

/** `registry/repository@sha256:…` */
export function pinnedReference(lock: ImagesLock, registry: string, image: string): string {
  const locked = lock.images[image]
  if (!locked) throw new BifrostError(deployErrors.IMAGE_NOT_LOCKED, { detail: image })
  return `${registry}/${locked.repository}@${locked.digest}`
}
