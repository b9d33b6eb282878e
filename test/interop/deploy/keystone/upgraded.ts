import { expect, it } from "vitest"
import type { ImageRecipe } from "../../../../src/build/containers/catalog.ts"
import type { ImagesLock } from "../../../../src/deploy/lock.ts"
import { docker } from "../container-host.ts"
import { changes } from "../site.ts"
import { deploy, host, openstack, plan, site } from "./world.ts"

/** A new image of one service replaces what ran the old one, and nothing else. */
export function upgraded(): void {
  it("runs a new image's migration and replaces the container, as soon as the lock names that image", async () => {
    const token = await openstack("token", "issue", "-f", "value", "-c", "id")
    const before = await containerIds()
    const lock = await lockWithOther("keystone")
    const result = await deploy({ lock })
    expect(result.failed).toEqual([])
    const { repository, digest } = lock.images["keystone"]!
    const image = `${site.request.registry.address}/${repository}@${digest}`
    expect(result.planned.map(({ action, target, reason }) => ({ action, target, reason }))).toEqual([
      { action: "pull", target: `image ${image}` },
      { action: "run", target: "task bootstrap_keystone", reason: "what it depends on changed" },
      { action: "recreate", target: "container keystone", reason: "image" },
    ])
    const after = await containerIds()
    const touched = Object.keys(after).filter((name) => after[name] !== before[name])
    expect([Object.keys(after), touched]).toEqual([Object.keys(before), ["bootstrap_keystone", "keystone"]])
    for (const name of touched) {
      const { Config, State } = await host.engine.getContainer(name).inspect()
      expect([Config.Image, State.ExitCode]).toEqual([image, 0])
    }
    expect(changes(await plan({ lock }))).toEqual([])
    const headers = { "X-Auth-Token": token, "X-Subject-Token": token }
    const answer = await fetch(`${result.endpoints["keystone"]}/v3/auth/tokens`, { headers })
    expect(answer.status).toBe(200)
  })
}

/** Name → id, by name. */
async function containerIds(): Promise<Record<string, string>> {
  const all = await host.engine.listContainers({ all: true })
  return Object.fromEntries(all.map(({ Names, Id }) => [Names[0]!.slice(1), Id] as const).toSorted())
}

/** The site's lock after one image was built again, as its registry then has it: the same but for a label. */
async function lockWithOther(name: string): Promise<ImagesLock> {
  const recipe = site.recipes.find(({ definition }) => definition.name === name)!
  const [repo = ""] = recipe.reference.split(":")
  const tag = `other-${process.pid}`
  const container = await docker.createContainer({ Image: recipe.reference })
  try {
    await container.commit({ repo, tag, changes: "LABEL net.example.built=again" })
    const other: ImageRecipe = { ...recipe, hash: tag, reference: `${repo}:${tag}` }
    const pushed = await site.push([other])
    return { ...site.request.lock, images: { ...site.request.lock.images, ...pushed.images } }
  } finally {
    await container.remove()
    await docker.getImage(`${repo}:${tag}`).remove()
  }
}
