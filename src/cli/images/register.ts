import type { Command } from "commander"
import { registerImagesBuild } from "./build.ts"
import { registerImagesCarry } from "./carry.ts"
import { registerImagesGraph } from "./graph.ts"
import { registerImagesList } from "./list.ts"
import { registerImagesPrune } from "./prune.ts"
import { registerImagesPush } from "./push.ts"
import { registerImagesRender } from "./render.ts"
import { registerImagesSbom } from "./sbom.ts"

/** `bifrost-ts images build|list|graph|render|sbom|push|prune|save|load`. */
export function registerImages(program: Command): void {
  const images = program.command("images").description("build what machines boot and what services run in")
  for (const register of [
    registerImagesBuild,
    registerImagesList,
    registerImagesGraph,
    registerImagesRender,
    registerImagesSbom,
    registerImagesPush,
    registerImagesPrune,
    registerImagesCarry,
  ])
    register(images)
}
