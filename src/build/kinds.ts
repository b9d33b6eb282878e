import { BifrostError } from "../util/errors.ts"
import type { Paths } from "../util/paths.ts"
import { buildErrors } from "./errors.ts"
import { guest } from "./guest/kind.ts"
import { os } from "./os/kind.ts"
import { provisioner } from "./provisioner/kind.ts"
import { ramdisk } from "./ramdisk/kind.ts"
import { vagrantBox } from "./vagrant/kind.ts"

export interface BuildContext {
  readonly paths: Paths
  /** Build again although the inputs are the same: for newer packages. */
  readonly refresh: boolean
  readonly progress: (line: string) => void
  readonly signal?: AbortSignal
}

/** What a build gave: where it is, and whether there was anything to do. */
export interface Built {
  readonly kind: string
  readonly name: string
  /** SHA-256 of the inputs, hex. */
  readonly hash: string
  readonly cached: boolean
  /** Of what `outputs` names, in bytes. */
  readonly size: number
  /** Paths of files, or references of container images. */
  readonly outputs: readonly string[]
}

/** Something that `bifrost-ts images build KIND [NAME]` can build. Container images are many and have a builder of their own. */
export interface Buildable {
  readonly kind: string
  readonly summary: string
  /** What there is of this kind; the first is built when the user names none. */
  readonly names: readonly string[]
  build(name: string, context: BuildContext): Promise<Built>
}

export const kinds: readonly Buildable[] = [os, ramdisk, guest, provisioner, vagrantBox]

/** Finds what to build. NOT_BUILDABLE names what there would have been. */
export function findBuildable(kind: string, name?: string): { readonly buildable: Buildable; readonly name: string } {
  const buildable = kinds.find((each) => each.kind === kind)
  if (!buildable) {
    const expected = kinds.map((each) => each.kind).join(", ")
    throw new BifrostError(buildErrors.NOT_BUILDABLE, { detail: kind, expected })
  }
  const chosen = name ?? buildable.names[0]!
  if (!buildable.names.includes(chosen)) {
    const expected = buildable.names.join(", ")
    throw new BifrostError(buildErrors.NOT_BUILDABLE, { detail: `${kind} ${chosen}`, expected })
  }
  return { buildable, name: chosen }
}
