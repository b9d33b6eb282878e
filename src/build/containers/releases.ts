import { BifrostError } from "../../util/errors.ts"
import { containerBuildErrors } from "./errors.ts"

/** A release of OpenStack as a value: everything in a build that differs between two of them. */
export interface Release {
  readonly name: string
  /** The Debian suite that all images are made from, and whose packages are this release under install type deb. */
  readonly suite: string
  /** File in images/constraints: the version of every Python distribution under install type source. */
  readonly constraints: string
}

export const releases: readonly Release[] = [{ name: "2025.1", suite: "trixie", constraints: "2025.1.txt" }]

export const defaultRelease = releases[0]!

export function findRelease(name: string): Release {
  const found = releases.find((each) => each.name === name)
  if (found) return found
  const expected = releases.map((each) => each.name).join(", ")
  throw new BifrostError(containerBuildErrors.RELEASE_UNKNOWN, { detail: name, expected })
}
