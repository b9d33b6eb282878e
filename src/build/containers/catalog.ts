import { createHash } from "node:crypto"
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { BifrostError } from "../../util/errors.ts"
import type { ImageDefinition } from "./definition.ts"
import { renderDockerfile } from "./dockerfile.ts"
import { containerBuildErrors } from "./errors.ts"

/** A definition with all that decides what comes out of it. */
export interface ImageRecipe {
  readonly definition: ImageDefinition
  /** Absent for a bootstrapped root. */
  readonly dockerfile: string | undefined
  readonly files: ReadonlyMap<string, Buffer>
  /** SHA-256 over the Dockerfile, the files and the parent's own hash: same hash, same inputs, all the way down. */
  readonly hash: string
}

export const inputLabel = "io.bifrost-ts.input"
export const localReference = (name: string, hash: string) => `bifrost/${name}:${hash.slice(0, 12)}`

/** All container images under `root` (the folder images/), parents before children. */
export async function loadImages(root: string): Promise<Map<string, ImageRecipe>> {
  const definitions = new Map<string, { definition: ImageDefinition; folder: string }>()
  for (const file of globSync("*/image.ts", { cwd: root }).sort()) {
    const module: { default?: ImageDefinition } = await import(pathToFileURL(join(root, file)).href)
    if (module.default?.kind !== "container") continue
    definitions.set(module.default.name, { definition: module.default, folder: join(root, dirname(file)) })
  }
  const recipes = new Map<string, ImageRecipe>()
  const visit = (name: string, path: readonly string[]) => {
    if (recipes.has(name)) return
    const found = definitions.get(name)
    if (!found || path.includes(name)) {
      const detail = found
        ? `cycle ${[...path, name].join(" → ")}`
        : `${path.at(-1)} builds on ${name}, which is not defined`
      throw new BifrostError(containerBuildErrors.IMAGE_DEFINITION, { detail })
    }
    const { from } = found.definition
    if (from !== undefined) visit(from, [...path, name])
    recipes.set(name, recipeOf(found.definition, found.folder, from === undefined ? undefined : recipes.get(from)))
  }
  for (const name of definitions.keys()) visit(name, [])
  return recipes
}

function recipeOf(definition: ImageDefinition, folder: string, parent: ImageRecipe | undefined): ImageRecipe {
  if ((definition.from === undefined) === (definition.bootstrap === undefined)) {
    throw new BifrostError(containerBuildErrors.IMAGE_DEFINITION, {
      detail: definition.name,
      expected: "either `from` or `bootstrap`",
    })
  }
  const dockerfile = parent && renderDockerfile(definition, localReference(parent.definition.name, parent.hash))
  const files = new Map<string, Buffer>()
  for (const { source } of Object.values(definition.files ?? {})) files.set(source, readFileSync(join(folder, source)))
  const hash = createHash("sha256")
  // The parent's hash is in the Dockerfile's FROM line, so it need not be mixed in again.
  hash.update(dockerfile ?? JSON.stringify(definition.bootstrap))
  for (const [source, content] of files) hash.update(`\0${source}\0`).update(content)
  return { definition, dockerfile, files, hash: hash.digest("hex") }
}

/** The named images with all that they build on, parents first; without names, all of them. */
export function selectImages(all: ReadonlyMap<string, ImageRecipe>, names: readonly string[]): ImageRecipe[] {
  const wanted = new Set<string>()
  for (const name of names) {
    if (!all.has(name)) {
      throw new BifrostError(containerBuildErrors.CONTAINER_IMAGE_UNKNOWN, {
        detail: name,
        expected: [...all.keys()].join(", "),
      })
    }
    for (let at: string | undefined = name; at !== undefined; at = all.get(at)?.definition.from) wanted.add(at)
  }
  return [...all.values()].filter(({ definition }) => names.length === 0 || wanted.has(definition.name))
}
