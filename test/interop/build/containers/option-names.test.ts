import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Docker from "dockerode"
import { expect, it } from "vitest"
import { Cache } from "../../../../src/build/cache.ts"
import { buildImages, requireBuilt } from "../../../../src/build/containers/build.ts"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import { keepOptions } from "../../../../src/build/containers/option-names.ts"
import { selectImages } from "../../../../src/build/containers/select.ts"
import type { OptionList } from "../../../../src/deploy/site/option-lists.ts"
import { unknownOptions } from "../../../../src/deploy/site/option-names.ts"
import { systemClock as clock } from "../../../../src/util/clock.ts"

const docker = new Docker()

/** Names of containers that an image has left. */
const leftOf = async (reference: string) =>
  (await docker.listContainers({ all: true, filters: { ancestor: [reference] } })).map(({ Names }) => Names)

it("asks a real image which options its services know, and leaves nothing behind", async () => {
  const shared = await loadImages(new URL("../../../../images", import.meta.url).pathname)
  requireBuilt(await buildImages(selectImages(shared, ["keystone", "memcached"]), { docker, clock }))
  const folder = await mkdtemp(join(tmpdir(), "bifrost-options-"))
  try {
    const keystone = shared.get("keystone")!
    const keep = { docker, cache: new Cache(join(folder, "cache")), folder }
    const before = await leftOf(keystone.reference)
    await keepOptions(keystone, "sha256:1", keep)
    expect(await leftOf(keystone.reference)).toEqual(before)
    const list: OptionList = JSON.parse(await readFile(join(folder, "sha256:1.json"), "utf8"))
    expect(unknownOptions({ token: { provider: "fernet" }, database: { connection: "x" } }, list)).toEqual([])
    expect(unknownOptions({ token: { providre: "fernet" } }, list)).toMatchObject([
      { section: "token", key: "providre" },
    ])

    await keepOptions(shared.get("memcached")!, "sha256:2", keep)
    expect(await readFile(join(folder, "sha256:2.json"), "utf8")).toBe("{}\n")
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 1_800_000)
