import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { pack } from "tar-stream"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Cache } from "../../../../src/build/cache.ts"
import { type ImageRecipe, inputLabel, localReference } from "../../../../src/build/containers/catalog.ts"
import { followProgress } from "../../../../src/build/containers/engine.ts"
import { containerBuildErrors } from "../../../../src/build/containers/errors.ts"
import { inProject } from "../../../../src/build/project.ts"
import { run } from "../../../../src/util/run.ts"
import { builtImages, docker } from "../../deploy/container-host.ts"
import { removeImages } from "./namespace.ts"

/** The `images` verbs as a user types them, on the real definitions: nothing is built, and of the engine's images none removed. */
const namespace = `bifrost-cli-${process.pid}`
let folder: string
let memcached: ImageRecipe

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bifrost-images-cli-"))
  memcached = (await builtImages(["memcached"]))[0]!
}, 600_000)

afterAll(async () => {
  await removeImages(namespace)
  await rm(folder, { recursive: true, force: true })
})

async function images(...words: string[]) {
  const here = { BIFROST_STATE: join(folder, "state"), BIFROST_CACHE: join(folder, "cache") }
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...here }
  const { code, stdout, stderr } = await run(inProject("bin", "bifrost-ts"), ["images", ...words], {
    env,
    accept: [1],
  })
  return { code, out: stdout, err: stderr }
}

describe("images list", () => {
  it("shows an image with its parent, the hash of its inputs, and whether it is built", async () => {
    const [only] = JSON.parse((await images("list", "memcached", "--json")).out)
    expect(only).toMatchObject({
      ...{ name: "memcached", from: "base", built: true, input: memcached.hash, reference: memcached.reference },
      ...{ id: expect.stringMatching(/^sha256:/), size: expect.any(Number) },
    })
    const { out, err } = await images("list", "^memcached$")
    const [heading, row] = out.trimEnd().split("\n")
    expect(heading).toMatch(/NAME +FROM +SIZE +INPUTS +WHAT/)
    expect(row).toMatch(new RegExp(`^✔ +memcached +base +\\d+ MB +${memcached.hash.slice(0, 12)} +memcached$`))
    expect(err).toBe("1 of 1 built\n")
  })

  it("shows under other overrides another image, which is not built", async () => {
    const file = join(folder, "images.yaml")
    await writeFile(file, "images:\n  memcached:\n    packages: { add: [less] }\n")
    const [only] = JSON.parse((await images("list", "memcached", "--overrides", file, "--json")).out)
    expect(only).toMatchObject({ built: false })
    expect(only.input).not.toBe(memcached.hash)
  })
})

describe("images graph", () => {
  it("draws what an image builds on, as text, for Graphviz, and as a picture", async () => {
    expect((await images("graph", "memcached")).out).toBe("debian ✔\n└─ base ✔\n   └─ memcached ✔\n")
    expect((await images("graph", "memcached", "--format", "dot")).out).toContain('"base" -> "memcached"')
    const svg = (await images("graph", "memcached", "--format", "svg")).out
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\s*$/)
    expect(svg.match(/<rect /g)).toHaveLength(3)
  })
})

describe("images build", () => {
  it("sums up for programs what it did with each image", async () => {
    const { code, out } = await images("build", "memcached", "--json")
    const { images: each, ...summary } = JSON.parse(out)
    expect(code).toBe(0)
    expect(summary).toEqual({
      ...{ release: "2025.1", install_type: "deb" },
      ...{ seconds: expect.any(Number), critical_path: expect.any(Array) },
    })
    expect(each.map(({ image, status }: Record<string, string>) => `${image} ${status}`)).toEqual([
      "debian unchanged",
      "base unchanged",
      "memcached unchanged",
    ])
    expect(each[2]).toMatchObject({ input: memcached.hash, reference: memcached.reference, size: expect.any(Number) })
  })

  it("says in the summary and by its exit code that an image could not be built", async () => {
    const file = join(folder, "broken.yaml")
    const { reference: base } = (await builtImages(["base"]))[0]!
    const lines = ["images:", "  debian:", "    blocks: { header: RUN echo no more; false }"]
    await writeFile(file, [`namespace: ${namespace}`, `base: ${base}`, ...lines, ""].join("\n"))
    const { code, out } = await images("build", "memcached", "--overrides", file, "--json")
    expect(code).toBe(1)
    const [debian, ...above] = JSON.parse(out).images
    expect(debian).toMatchObject({ image: "debian", status: "failed", error: { code: "IMAGE_BUILD_FAILED" } })
    expect(debian.error.message).toContain("no more")
    for (const each of above) expect(each).toMatchObject({ status: "skipped", because: ["debian"] })
  })
})

describe("images prune", () => {
  it("tells which images in the engine are from other inputs, and with --dry-run leaves them", async () => {
    const input = "8".repeat(64)
    const old = localReference("old", input, namespace)
    const context = pack()
    context.entry({ name: "Dockerfile" }, "FROM scratch\nCOPY file /file\n")
    context.entry({ name: "file" }, "old")
    context.finalize()
    const building = await docker.buildImage(Readable.from(context), { t: old, labels: { [inputLabel]: input } })
    await followProgress(docker, building, { kind: containerBuildErrors.IMAGE_BUILD_FAILED, subject: old })
    const { out } = await images("prune", "--containers", "--dry-run")
    expect(out).toContain(`would remove ${old}\n`)
    expect(out).not.toContain(memcached.reference)
    expect(out).toMatch(/\d+ images? to remove\n$/)
    expect((await docker.getImage(old).inspect()).RepoTags).toEqual([old])
  })

  it("keeps of the cache what was built last of each thing", async () => {
    const cache = new Cache(join(folder, "cache"))
    const make = (version: number) =>
      cache.obtain({
        ...{ kind: "python", name: "demo", inputs: { version }, needs: 0 },
        build: (dir) => writeFile(join(dir, "tree.tar"), `${version}`),
      })
    await make(1)
    const { hash } = await make(2)
    expect(JSON.parse((await images("list", "--json")).out)).toHaveLength(2)
    expect((await images("prune")).out).toMatch(/^removed python demo [0-9a-f]{16}\n1 removed, /)
    expect((await images("list")).out).toMatch(new RegExp(`python +demo +${hash.slice(0, 16)}`))
    expect(JSON.parse((await images("list", "--json")).out)).toMatchObject([{ hash }])
  })
})
