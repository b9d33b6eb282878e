import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { Readable } from "node:stream"
import { promisify } from "node:util"
import Docker from "dockerode"
import { pack } from "tar-stream"
import { afterAll, beforeAll, expect, test } from "vitest"
import { pushImages } from "../../../src/build/containers/push.ts"
import { withRegistry } from "../../../src/provisioner/registry-writer.ts"
import { inState } from "../../../src/util/paths.ts"

/** What `images save` does with service images, here with one of a single file. */
const docker = new Docker()
const state = mkdtempSync("/var/tmp/bifrost-registry-")
const target = { state, cache: state }
const image = "bifrost-ts/provisioner:latest"
const hash = "5".repeat(64)
const local = `bifrost/carried:${hash.slice(0, 12)}`
const recipe = { definition: { name: "carried" }, hash, reference: local } as Parameters<typeof pushImages>[0][number]

beforeAll(async () => {
  await promisify(execFile)("bin/bifrost-ts", ["images", "build", "provisioner"])
  const context = pack()
  context.entry({ name: "Dockerfile" }, "FROM scratch\nCOPY file /file\n")
  context.entry({ name: "file" }, "carried")
  context.finalize()
  const building = await docker.buildImage(Readable.from(context), { t: local })
  await new Promise((resolve, reject) =>
    docker.modem.followProgress(building, (error, lines) => (error ? reject(error) : resolve(lines))),
  )
})

afterAll(async () => {
  await docker.getImage(local).remove()
  rmSync(state, { recursive: true, force: true })
})

const containersHere = async () =>
  (await docker.listContainers({ all: true })).filter(({ Mounts }) =>
    Mounts.some(({ Source }) => Source.startsWith(state)),
  )

test("service images go into a directory by way of a registry that runs for that alone", async () => {
  let during = 0
  const { images } = await withRegistry(target, image, async (registry) => {
    during = (await containersHere()).length
    return pushImages([recipe], { docker, registry })
  })
  expect(during).toBe(1)
  const { repository, digest } = images["carried"]!
  expect(repository).toBe("bifrost/carried")
  const blob = join(
    inState.registry(target),
    "docker/registry/v2/blobs/sha256",
    digest.slice(7, 9),
    digest.slice(7),
    "data",
  )
  expect(JSON.parse(await readFile(blob, "utf8"))).toMatchObject({ schemaVersion: 2 })
  expect(await containersHere()).toEqual([])
  expect(await readdir(state)).toEqual(["registry"])
})

test("when the push fails, nothing runs on either", async () => {
  const missing = { ...recipe, reference: "bifrost/missing:1" } as typeof recipe
  const pushing = withRegistry(target, image, (registry) => pushImages([missing], { docker, registry }))
  await expect(pushing).rejects.toMatchObject({ code: "IMAGE_NOT_BUILT" })
  expect(await containersHere()).toEqual([])
  expect(existsSync(join(state, "run"))).toBe(false)
})
