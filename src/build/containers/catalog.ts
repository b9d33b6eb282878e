import { createHash } from "node:crypto"
import { globSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { BifrostError } from "../../util/errors.ts"
import { fingerprint } from "../fingerprint.ts"
import { type Blueprint, blueprintOf } from "./blueprint.ts"
import type { ImageDefinition } from "./definition.ts"
import { patchFolder, patchNames, renderDockerfile } from "./dockerfile.ts"
import { containerBuildErrors } from "./errors.ts"
import { constraintsOf } from "./python.ts"
import { type RootFile, sorted } from "./rootfs.ts"
import { type BuildSettings, defaultSettings } from "./settings.ts"

/** A definition with all that decides what comes out of it. */
export interface ImageRecipe {
  readonly definition: ImageDefinition
  /** The definition under the install type and with the operator's overrides. */
  readonly blueprint: Blueprint
  /** Names of the images that must be there first: what it builds on, and what it is made with. */
  readonly needs: readonly string[]
  /** Debian's, which a bootstrapped root is made from. */
  readonly suite: string
  /** Absent for a bootstrapped root. */
  readonly dockerfile: string | undefined
  readonly files: readonly RootFile[]
  /** The user the container runs as: its own or the nearest parent's; absent for root. */
  readonly runsAs?: string
  /** Reference of the image with compilers in which `blueprint.python` is made. */
  readonly builder?: string
  /** SHA-256 over the Dockerfile, the files and the parent's own hash: same hash, same inputs, all the way down. */
  readonly hash: string
  /** Its name in the engine, with the hash for a tag. */
  readonly reference: string
  /** The same repository with the operator's tag. */
  readonly alias?: string
}

/** The image in which pip builds. */
const builderName = "source-builder"

export const inputLabel = "io.bifrost-ts.input"
export const localReference = (name: string, hash: string, namespace = defaultSettings.namespace) =>
  `${namespace}/${name}:${hash.slice(0, 12)}`

interface Defined {
  readonly definition: ImageDefinition
  readonly folder: string
}

/** All container images under `root` (the folder images/), parents before children. */
export async function loadImages(root: string, settings = defaultSettings): Promise<Map<string, ImageRecipe>> {
  const definitions = new Map<string, Defined>()
  for (const file of globSync("*/image.ts", { cwd: root }).sort()) {
    const module: { default?: ImageDefinition } = await import(pathToFileURL(join(root, file)).href)
    if (module.default?.kind !== "container") continue
    definitions.set(module.default.name, { definition: module.default, folder: join(root, dirname(file)) })
  }
  return makeRecipes(definitions, settings)
}

async function makeRecipes(
  definitions: ReadonlyMap<string, Defined>,
  settings: BuildSettings,
): Promise<Map<string, ImageRecipe>> {
  const recipes = new Map<string, ImageRecipe>()
  const visit = async (name: string, path: readonly string[]): Promise<ImageRecipe> => {
    const done = recipes.get(name)
    if (done) return done
    const found = definitions.get(name)
    if (!found || path.includes(name)) {
      const detail = found
        ? `cycle ${[...path, name].join(" → ")}`
        : `${path.at(-1)} builds on ${name}, which is not defined`
      throw new BifrostError(containerBuildErrors.IMAGE_DEFINITION, { detail })
    }
    const blueprint = blueprintOf(found.definition, settings)
    const on = [...path, name]
    const parent = blueprint.from === undefined ? undefined : await visit(blueprint.from, on)
    const builder = blueprint.python && (await visit(builderName, on))
    const recipe = await recipeOf(found, blueprint, parent, builder, settings)
    recipes.set(name, recipe)
    return recipe
  }
  for (const name of definitions.keys()) await visit(name, [])
  return recipes
}

async function recipeOf(
  { definition, folder }: Defined,
  blueprint: Blueprint,
  parent: ImageRecipe | undefined,
  builder: ImageRecipe | undefined,
  settings: BuildSettings,
): Promise<ImageRecipe> {
  const { name, from, bootstrap, external } = blueprint
  if ([from, bootstrap, external].filter((root) => root !== undefined).length !== 1) {
    const expected = "exactly one of `from`, `bootstrap` and `external`"
    throw new BifrostError(containerBuildErrors.IMAGE_DEFINITION, { detail: name, expected })
  }
  const root = external && (settings.base ?? "rockylinux:9")
  const runsAs = definition.root ? undefined : (definition.user?.name ?? parent?.runsAs)
  const dockerfile = bootstrap ? undefined : renderDockerfile(blueprint, parent?.reference ?? root ?? "scratch", runsAs)
  const files = filesOf(blueprint, folder)
  const digest = createHash("sha256")
  // The parent's hash is in the Dockerfile's FROM line, so it need not be mixed in again.
  const { suite } = settings.release
  digest.update(dockerfile ?? JSON.stringify({ suite, ...bootstrap }))
  for (const { path, mode, content } of sorted(files)) digest.update(`\0${path}\0${mode}\0`).update(content)
  if (blueprint.python && builder) {
    const { folders, ...rest } = blueprint.python
    const trees = Object.fromEntries(Object.entries(folders).map(([project, tree]) => [project, { tree }]))
    digest.update(await fingerprint({ ...rest, release: constraintsOf(rest), trees, builder: builder.hash }))
  }
  const hash = digest.digest("hex")
  const repository = `${settings.namespace}/${name}`
  return {
    definition,
    blueprint: parent?.blueprint.blocked ? { ...blueprint, blocked: parent.blueprint.blocked } : blueprint,
    needs: [parent, builder].flatMap((each) => (each ? [each.definition.name] : [])),
    suite,
    dockerfile,
    files,
    hash,
    reference: localReference(name, hash, settings.namespace),
    ...(runsAs !== undefined && { runsAs }),
    ...(builder && { builder: builder.reference }),
    ...(settings.tag !== undefined && { alias: `${repository}:${settings.tag}` }),
  }
}

function filesOf(blueprint: Blueprint, folder: string): RootFile[] {
  const read = Object.entries(blueprint.files ?? {}).map(([path, { source, mode = "0644" }]) => ({
    path,
    mode,
    content: contentOf(resolve(folder, source)),
  }))
  const names = patchNames(blueprint.patches)
  const patches = blueprint.patches.map((path, index) => ({
    path: `${patchFolder}/${blueprint.name}/${names[index]}`,
    mode: "0644",
    content: contentOf(path),
  }))
  return [...read, ...blueprint.written, ...patches]
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new BifrostError(containerBuildErrors.IMAGE_FILE, { detail: (cause as Error).message, cause })
  }
}
