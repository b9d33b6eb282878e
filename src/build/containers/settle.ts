import { createHash } from "node:crypto"
import { Readable } from "node:stream"
import type Docker from "dockerode"
import { pack } from "tar-stream"
import { messageOf } from "../../util/errors.ts"
import type { ImageRecipe } from "./catalog.ts"
import { followProgress } from "./engine.ts"
import { containerBuildErrors } from "./errors.ts"

/** Tag of the engine's own build, whose layers later builds of the same image find in its cache. */
const cacheTag = "build-cache"

/**
 * Gives the image a configuration that follows from its inputs: the engine writes times, a container's id and its own version
 * into what it builds, so that two equal builds would never have one digest. Layers stay as they are; an archive of nothing
 * but the configuration is loaded, which the engine takes as it has every layer already.
 */
export async function settleImage(
  docker: Docker,
  recipe: ImageRecipe,
  epoch: number,
  onLine: (line: string) => void,
): Promise<void> {
  const image = docker.getImage(recipe.reference)
  const info = await image.inspect()
  const created = new Date(epoch * 1000).toISOString().replace(".000Z", "Z")
  const {
    Image: _,
    Hostname: __,
    Domainname: ___,
    ...config
  } = info.Config as Record<string, unknown> & typeof info.Config
  const settled = JSON.stringify({
    architecture: info.Architecture,
    config,
    created,
    history: await historyOf(image, info.RootFS.Layers ?? [], created),
    os: info.Os,
    rootfs: { diff_ids: info.RootFS.Layers, type: "layers" },
  })
  const id = createHash("sha256").update(settled).digest("hex")
  const archive = pack()
  archive.entry({ name: `${id}.json` }, settled)
  const layers = (info.RootFS.Layers ?? []).map((layer) => `${layer.slice("sha256:".length)}/layer.tar`)
  const manifest = [{ Config: `${id}.json`, RepoTags: [recipe.reference], Layers: layers }]
  archive.entry({ name: "manifest.json" }, JSON.stringify(manifest))
  archive.finalize()
  try {
    const stream = await docker.loadImage(Readable.from(archive))
    await followProgress(docker, stream, { kind: containerBuildErrors.IMAGE_BUILD_FAILED, subject: recipe.reference })
    if (recipe.blueprint.bootstrap) await docker.getImage(info.Id).remove()
    else await docker.getImage(info.Id).tag({ repo: repositoryOf(recipe.reference), tag: cacheTag })
  } catch (error) {
    // The containerd image store wants the layers' bytes. The image is good as it is; only its digest is this build's own.
    onLine(`--- left as the engine built it, its digest is not reproducible: ${messageOf(error)}`)
  }
}

const repositoryOf = (reference: string) => reference.slice(0, reference.lastIndexOf(":"))

interface HistoryEntry {
  readonly created: string
  readonly created_by?: string
  readonly empty_layer?: true
}

/** The engine's history with times settled; plain entries where it does not say which of its lines made a layer. */
async function historyOf(image: Docker.Image, layers: readonly string[], created: string): Promise<HistoryEntry[]> {
  const seen: { CreatedBy: string }[] = (await image.history()).reverse()
  const entries = seen.map(({ CreatedBy }): HistoryEntry => {
    const empty = /#\(nop\)(?! +(ADD|COPY))/.test(CreatedBy)
    return { created, created_by: CreatedBy, ...(empty && { empty_layer: true as const }) }
  })
  const filled = entries.filter((entry) => !entry.empty_layer).length
  return filled === layers.length ? entries : layers.map(() => ({ created }))
}
