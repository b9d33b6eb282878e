import { createHash } from "node:crypto"
import { globSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { BifrostError } from "../../util/errors.ts"
import type { ImageDefinition } from "./definition.ts"
import { renderDockerfile } from "./dockerfile.ts"
import { containerBuildErrors } from "./errors.ts"
import { type RootFile, sorted } from "./rootfs.ts"
import { type BuildSettings, defaultSettings } from "./settings.ts"

/** A definition with all that decides what comes out of it. */
export interface ImageRecipe {
  readonly definition: ImageDefinition
  /** Absent for a bootstrapped root. */
  readonly dockerfile: string | undefined
  readonly files: readonly RootFile[]
  /** The user the container runs as: its own or the nearest parent's; absent for root. */
  readonly runsAs?: string
  /** SHA-256 over the Dockerfile, the files and the parent's own hash: same hash, same inputs, all the way down. */
  readonly hash: string
  /** Its name in the engine, with the hash for a tag. */
  readonly reference: string
}

export const inputLabel = "io.bifrost-ts.input"
export const localReference = (name: string, hash: string, namespace = defaultSettings.namespace) =>
  `${namespace}/${name}:${hash.slice(0, 12)}`

/** All container images under `root` (the folder images/), parents before children. */
export async function loadImages(root: string, settings = defaultSettings): Promise<Map<string, ImageRecipe>> {
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
    const parent = from === undefined ? undefined : recipes.get(from)
    recipes.set(name, recipeOf(found.definition, found.folder, parent, settings))
  }
  for (const name of definitions.keys()) visit(name, [])
  return recipes
}

function recipeOf(
  definition: ImageDefinition,
  folder: string,
  parent: ImageRecipe | undefined,
  settings: BuildSettings,
): ImageRecipe {
  if ((definition.from === undefined) === (definition.bootstrap === undefined)) {
    throw new BifrostError(containerBuildErrors.IMAGE_DEFINITION, {
      detail: definition.name,
      expected: "either `from` or `bootstrap`",
    })
  }
  const runsAs = definition.user?.name ?? parent?.runsAs
  const dockerfile = parent && renderDockerfile(definition, parent.reference, runsAs)
  const files = Object.entries(definition.files ?? {}).map(([path, { source, mode = "0644" }]) => ({
    path,
    mode,
    content: readFileSync(resolve(folder, source)),
  }))
  const digest = createHash("sha256")
  // The parent's hash is in the Dockerfile's FROM line, so it need not be mixed in again.
  digest.update(dockerfile ?? JSON.stringify(definition.bootstrap))
  for (const { path, mode, content } of sorted(files)) digest.update(`\0${path}\0${mode}\0`).update(content)
  const hash = digest.digest("hex")
  const reference = localReference(definition.name, hash, settings.namespace)
  return { definition, dockerfile, files, hash, reference, ...(runsAs && { runsAs }) }
}
