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

/** The image of a lab's hosts, built where it is not there yet, and the site's key, made where it is not. */
export async function hostNeeds(paths: Paths, signal: AbortSignal): Promise<HostNeeds> {
  const recipes = selectImages(await loadImages(inProject("images")), ["host"])
  const summary = await buildImages(recipes, {
    ...{ docker: new Docker(), clock, cache: paths.cache, signal },
    onEvent: (event) => {
      if (event.kind === "begin") console.error(pc.dim(`image ${event.image}: building`))
    },
  })
  requireBuilt(summary)
  const { reference } = recipes.find(({ definition }) => definition.name === "host")!
  return { image: reference, authorizedKey: await sitePublicKey(paths) }
}
