import { globSync } from "node:fs"
import { dirname } from "node:path"
import Docker from "dockerode"
import { systemClock } from "../../util/clock.ts"
import type { Buildable } from "../kinds.ts"
import { inProject } from "../project.ts"
import { buildImages } from "./build.ts"
import { type ImageRecipe, loadImages, selectImages } from "./catalog.ts"

const everything = "all"
const defined = globSync("*/image.ts", { cwd: inProject("images") }).map(dirname)

/** `bifrost-ts images build containers [NAME]`, with all that NAME builds on. */
export const containers: Buildable = {
  kind: "containers",
  summary: "images of the cloud's services, in the local Docker Engine",
  // Folders of other kinds of image are told apart when the definitions are loaded.
  names: [everything, ...defined.filter((name) => name !== "provisioner").sort()],
  async build(name, { refresh, progress, signal }) {
    const recipes = await recipesOf(name === everything ? [] : [name])
    const results = await buildImages(recipes, {
      docker: new Docker(),
      clock: systemClock,
      refresh,
      ...(signal && { signal }),
      onEvent(event) {
        if (event.kind === "begin") progress(`${event.image}: building`)
        if (event.kind === "end" && event.result.built)
          progress(`${event.image}: built in ${Math.round(event.result.seconds)} s`)
      },
    })
    return {
      kind: "containers",
      name,
      hash: recipes.at(-1)!.hash,
      cached: results.every(({ built }) => !built),
      // Children hold their parents' layers: the sum of all sizes would count those many times.
      size: Math.max(...results.map(({ size }) => size)),
      outputs: results.map(({ reference }) => reference),
    }
  },
}

/** The named images with their parents; without names, all that services run (not those that only labs need). */
export async function recipesOf(names: readonly string[]): Promise<ImageRecipe[]> {
  const all = await loadImages(inProject("images"))
  return selectImages(all, names).filter(({ definition }) => names.length > 0 || !definition.lab)
}
