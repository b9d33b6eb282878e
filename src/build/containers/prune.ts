import type Docker from "dockerode"
import { inputLabel } from "./catalog.ts"

export interface Pruned {
  readonly removed: readonly string[]
  /** What the engine would not give up, since a container or another image needs it. */
  readonly inUse: readonly string[]
}

/** Removes the images that were built here, known by our label, from other inputs than those to keep. Foreign ones are not looked at. */
export async function pruneContainers(
  docker: Docker,
  keep: ReadonlySet<string>,
  options: { readonly dryRun: boolean },
): Promise<Pruned> {
  const images = await docker.listImages({ filters: { label: [inputLabel] } })
  const old = images.filter(({ Labels }) => !keep.has(Labels[inputLabel] ?? ""))
  const names = old.flatMap(({ Id, RepoTags }) => {
    const tags = (RepoTags ?? []).filter((tag) => tag !== "<none>:<none>")
    return tags.length > 0 ? tags : [Id]
  })
  const removed: string[] = []
  const inUse: string[] = []
  // Children come before their parents in the engine's list (newest first), so that a parent is free when its turn comes.
  for (const name of names) {
    try {
      if (!options.dryRun) await docker.getImage(name).remove()
      removed.push(name)
    } catch (error) {
      const status = (error as { statusCode?: number }).statusCode
      if (status === 404) continue
      if (status !== 409) throw error
      inUse.push(name)
    }
  }
  return { removed, inUse }
}
