import Docker from "dockerode"
import pc from "picocolors"
import { buildImages, requireBuilt } from "../build/containers/build.ts"
import { loadImages } from "../build/containers/catalog.ts"
import { selectImages } from "../build/containers/select.ts"
import { inProject } from "../build/project.ts"
import type { HostNeeds } from "../lab/hosts.ts"
import { sitePublicKey } from "../service/site-key.ts"
import { systemClock as clock } from "../util/clock.ts"
import type { Paths } from "../util/paths.ts"

/** The image of a lab's hosts and the site's key, made where they are not there yet. */
export const hostNeeds = async (paths: Paths, signal: AbortSignal): Promise<HostNeeds> => ({
  image: await labImage("host", paths, signal),
  authorizedKey: await sitePublicKey(paths),
})

/** Reference of an image that only labs run, built where it is not there yet. */
export async function labImage(name: "host" | "ceph", paths: Paths, signal: AbortSignal): Promise<string> {
  const recipes = selectImages(await loadImages(inProject("images")), [name])
  const summary = await buildImages(recipes, {
    ...{ docker: new Docker(), clock, cache: paths.cache, signal },
    onEvent: (event) => {
      if (event.kind === "begin") console.error(pc.dim(`image ${event.image}: building`))
    },
  })
  requireBuilt(summary)
  return recipes.find(({ definition }) => definition.name === name)!.reference
}
