import { BifrostError } from "../../util/errors.ts"
import type { ImageRecipe } from "./catalog.ts"
import { containerBuildErrors } from "./errors.ts"
import { profiles as ownProfiles, type Profiles } from "./profiles.ts"

export type Recipes = ReadonlyMap<string, ImageRecipe>

/** The named images with all that they build on or are made with, those first; without names, all of them. */
export function selectImages(all: Recipes, names: readonly string[]): ImageRecipe[] {
  const wanted = new Set<string>()
  const want = (name: string) => {
    const found = all.get(name)
    if (!found) throw unknownImage(name, all)
    if (wanted.has(name)) return
    wanted.add(name)
    for (const other of found.needs) want(other)
  }
  for (const name of names) want(name)
  return [...all.values()].filter(({ definition }) => names.length === 0 || wanted.has(definition.name))
}

export interface Choice {
  /** Each the name of an image, or else a regular expression that is searched in names. */
  readonly words?: readonly string[]
  readonly profile?: string
}

/**
 * Names of the images chosen, without what they build on. Nothing said means every image of a site: not those that only
 * labs run or others are made with. CONTAINER_IMAGE_UNKNOWN for a word that chooses nothing.
 */
export function chooseImages(
  all: Recipes,
  { words = [], profile }: Choice,
  profiles: Profiles = ownProfiles,
): string[] {
  const names = [...all.keys()]
  const common = names.filter((name) => {
    const { lab, tool, external } = all.get(name)!.definition
    return !lab && !tool && !external
  })
  const chosen = new Set(words.flatMap((word) => matches(word, names, all)))
  if (profile !== undefined) {
    const patterns = profiles[profile]
    if (!patterns) {
      const expected = Object.keys(profiles).join(", ")
      throw new BifrostError(containerBuildErrors.PROFILE_UNKNOWN, { detail: profile, expected })
    }
    for (const name of common) if (patterns.some((pattern) => new RegExp(pattern).test(name))) chosen.add(name)
  }
  return words.length === 0 && profile === undefined ? common : names.filter((name) => chosen.has(name))
}

/** Of the names, those of images that run: the others are there to be built on. */
export function runningOnly(all: Recipes, names: readonly string[]): ImageRecipe[] {
  const builtOn = new Set([...all.values()].map(({ blueprint }) => blueprint.from))
  return names
    .map((name) => all.get(name)!)
    .filter(({ definition: { name, health } }) => health !== undefined || !builtOn.has(name))
}

function matches(word: string, names: readonly string[], all: Recipes): readonly string[] {
  if (all.has(word)) return [word]
  let pattern: RegExp
  try {
    pattern = new RegExp(word)
  } catch (cause) {
    throw new BifrostError(containerBuildErrors.IMAGE_PATTERN, { detail: (cause as Error).message, cause })
  }
  const found = names.filter((name) => pattern.test(name))
  if (found.length === 0) throw unknownImage(word, all)
  return found
}

function unknownImage(word: string, all: Recipes): BifrostError {
  const expected = [...all.keys()].join(", ")
  return new BifrostError(containerBuildErrors.CONTAINER_IMAGE_UNKNOWN, { detail: word, expected })
}
