import { BifrostError } from "../../util/errors.ts"
import { containerBuildErrors } from "./errors.ts"

/** A release of OpenStack as a value: everything in a build that differs between two of them. */
export interface Release {
  readonly name: string
  /** The Debian suite that all images are made from. */
  readonly suite: string
  /** File in images/constraints: the version of every Python distribution under install type source. */
  readonly constraints: string
  /** Absent where the suite's own packages are this release. Else it comes from source only, and constraints from resolving this. */
  readonly resolve?: {
    /** Requirements of the projects. */
    readonly projects: readonly string[]
    /** Libraries as they were on that day, a month after the release: later ones were never tested with it. */
    readonly asOf: string
  }
}

export const releases: readonly Release[] = [
  { name: "2025.1", suite: "trixie", constraints: "2025.1.txt" },
  {
    name: "2025.2",
    suite: "trixie",
    constraints: "2025.2.txt",
    resolve: {
      projects: [
        ["keystone[ldap]~=28.0", "glance~=31.0", "openstack-placement~=14.0", "nova~=32.0"],
        ["neutron~=27.0", "cinder~=27.0", "openstack-heat~=25.0", "horizon>=25.4,<26", "heat-dashboard"],
      ].flat(),
      asOf: "2025-11-01",
    },
  },
]

export const defaultRelease = releases[0]!

export function findRelease(name: string): Release {
  const found = releases.find((each) => each.name === name)
  if (found) return found
  const expected = releases.map((each) => each.name).join(", ")
  throw new BifrostError(containerBuildErrors.RELEASE_UNKNOWN, { detail: name, expected })
}
