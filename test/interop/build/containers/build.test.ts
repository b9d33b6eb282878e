import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Docker from "dockerode"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { buildImages, requireBuilt } from "../../../../src/build/containers/build.ts"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import type { BuildEvent } from "../../../../src/build/containers/events.ts"
import { pruneContainers } from "../../../../src/build/containers/prune.ts"
import { selectImages } from "../../../../src/build/containers/select.ts"
import { type BuildSettings, defaultSettings } from "../../../../src/build/containers/settings.ts"
import { systemClock as clock } from "../../../../src/util/clock.ts"
import { run } from "../../../../src/util/run.ts"
import { removeImages } from "./namespace.ts"

/** Small images on Debian's bootstrapped root, under names of their own: nothing is fetched but that root, once. */
const docker = new Docker()
const namespace = `bifrost-test-${process.pid}`
const settings: BuildSettings = { ...defaultSettings, namespace }
let folder: string
let cache: string
let base: string
/** Hashes of everything built here, so that only that is removed. */
const built = new Set<string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bifrost-images-"))
  cache = join(folder, "cache")
  const shared = await loadImages(new URL("../../../../images", import.meta.url).pathname)
  requireBuilt(await buildImages(selectImages(shared, ["debian"]), { docker, clock }))
  base = shared.get("debian")!.reference
  await define("root", `external: true, run: ["groupadd --gid 42400 kolla"]`)
}, 600_000)

afterAll(async () => {
  await removeImages(namespace)
  await rm(folder, { recursive: true, force: true })
})

async function define(name: string, body: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
  const dir = join(folder, "images", name)
  await mkdir(dir, { recursive: true })
  for (const [file, content] of Object.entries(files)) await writeFile(join(dir, file), content)
  await writeFile(
    join(dir, "image.ts"),
    `export default { kind: "container", name: "${name}", summary: "", ${body} }\n`,
  )
}

/** Where the lines of an image's build stand among all events. */
interface Span {
  readonly first: number
  readonly last: number
}

let copies = 0
/** Definitions as they are on the disk now: a module is imported once for each path. */
async function load(more: Partial<BuildSettings> = {}) {
  const copy = join(folder, `images-${copies++}`)
  await run("cp", ["-r", join(folder, "images"), copy])
  const all = await loadImages(copy, { ...settings, base, ...more })
  for (const { hash } of all.values()) built.add(hash)
  return all
}

async function build(all: Awaited<ReturnType<typeof load>>, options: Partial<Parameters<typeof buildImages>[1]> = {}) {
  const events: BuildEvent[] = []
  const summary = await buildImages([...all.values()], {
    docker,
    clock,
    cache,
    onEvent: (event) => void events.push(event),
    ...options,
  })
  const status = Object.fromEntries(summary.images.map((each) => [each.image, each.status]))
  return { summary, events, status, image: (name: string) => summary.images.find((each) => each.image === name)! }
}

describe("building a graph of images", () => {
  it("builds each when its parent is there, keeps logs and package lists, and finds nothing to do the second time", async () => {
    await define("tool", `from: "root", files: { "/usr/local/bin/tool": { source: "tool", mode: "0755" } }`, {
      tool: "#!/bin/sh\necho tool\n",
    })
    await define(
      "leaf",
      `from: "tool", run: ["tool > /etc/made"], user: { name: "leaf", id: 4321, home: "/var/lib/leaf" }`,
    )
    const all = await load()
    const { status, image } = await build(all)
    expect(status).toEqual({ root: "built", tool: "built", leaf: "built" })
    expect(await readFile(image("leaf").log!, "utf8")).toContain("Successfully tagged")
    const sbom = JSON.parse(await readFile(image("leaf").sbom!, "utf8"))
    expect(sbom.components.map((each: { purl: string }) => each.purl)).toContainEqual(
      expect.stringMatching(/^pkg:deb\/debian\/dpkg@.*arch=/),
    )
    const reference = all.get("leaf")!.reference
    const shown = await run("docker", [
      "run",
      "--rm",
      "--network",
      "none",
      reference,
      "sh",
      "-c",
      "whoami; cat /etc/made",
    ])
    expect(shown.stdout).toBe("leaf\ntool\n")
    const again = await build(await load())
    expect(again.status).toEqual({ root: "unchanged", tool: "unchanged", leaf: "unchanged" })
    expect(again.events.filter(({ kind }) => kind === "begin")).toEqual([])
  })

  it("gives an image built again on the same day the same id", async () => {
    const all = await load()
    const ids = async () =>
      Promise.all(
        [...all.values()].map(({ reference }) =>
          docker
            .getImage(reference)
            .inspect()
            .then(({ Id }) => Id),
        ),
      )
    const before = await ids()
    const { status } = await build(all, { refresh: new Set(all.keys()) })
    expect(new Set(Object.values(status))).toEqual(new Set(["built"]))
    expect(await ids()).toEqual(before)
  })

  it("skips only what builds on a failed image, and says why it failed, with its last lines and where its log is", async () => {
    await define("broken", `from: "root", run: ["echo about to fail; false"]`)
    await define("above", `from: "broken", run: ["true"]`)
    await define("beside", `from: "root", run: ["touch /etc/beside"]`)
    const { status, image, summary } = await build(await load())
    expect(status).toMatchObject({ broken: "failed", above: "skipped", beside: "built" })
    expect(image("above").because).toEqual(["broken"])
    expect(image("broken").error).toMatchObject({ code: "IMAGE_BUILD_FAILED" })
    expect(image("broken").error!.message).toMatch(/broken\n[\s\S]*about to fail[\s\S]*full log: .*broken\.log/)
    expect(() => requireBuilt(summary)).toThrow(/broken; not built because of it: above/)
    await rm(join(folder, "images", "broken"), { recursive: true })
    await rm(join(folder, "images", "above"), { recursive: true })
  })

  it("builds side by side what does not build on each other, and one after another when one at a time is asked for", async () => {
    const names = ["left", "right"] as const
    for (const name of names) await define(name, `from: "root", run: ["touch /etc/${name}"]`)
    const all = await load()
    const overlap = async (threads: number) => {
      const { events } = await build(all, { threads, refresh: new Set(names) })
      const [left, right] = names.map((name) => {
        const at = events.flatMap(({ image, kind }, index) => (image === name && kind === "line" ? [index] : []))
        return { first: at[0]!, last: at.at(-1)! }
      }) as [Span, Span]
      return left.first < right.last && right.first < left.last
    }
    expect(await overlap(2)).toBe(true)
    expect(await overlap(1)).toBe(false)
    for (const name of names) await rm(join(folder, "images", name), { recursive: true })
  })

  it("ends at once when it is aborted, and leaves no container behind", async () => {
    await define("slow", `from: "root", run: ["echo waiting; sleep 300"]`)
    const all = await load()
    const abort = new AbortController()
    const building = build(all, {
      signal: abort.signal,
      onEvent(event) {
        if (event.kind === "line" && event.line === "waiting") abort.abort(new Error("interrupted"))
      },
    })
    await expect(building).rejects.toThrow("interrupted")
    const commands = async () => (await run("docker", ["ps", "--all", "--no-trunc", "--format", "{{.Command}}"])).stdout
    await expect.poll(commands, { timeout: 20_000 }).not.toContain("echo waiting; sleep 300")
    await rm(join(folder, "images", "slow"), { recursive: true })
  })
})

describe("what an operator overrides", () => {
  it("changes the image, and its inputs' hash", async () => {
    const plain = await load()
    await writeFile(join(folder, "own.conf"), "own\n")
    const override = {
      files: { "/etc/own.conf": { source: join(folder, "own.conf"), mode: "0640" } },
      blocks: { footer: "RUN touch /etc/footer\nENV OWN=yes" },
    }
    const all = await load({ images: { leaf: override }, tag: "mine" })
    expect(all.get("leaf")!.hash).not.toBe(plain.get("leaf")!.hash)
    expect(all.get("tool")!.hash).toBe(plain.get("tool")!.hash)
    requireBuilt((await build(all)).summary)
    const command = "cat /etc/own.conf; stat -c %a /etc/own.conf /etc/footer; echo $OWN"
    const ran = await run("docker", [
      "run",
      "--rm",
      "--user",
      "root",
      "--network",
      "none",
      `${namespace}/leaf:mine`,
      "sh",
      "-c",
      command,
    ])
    expect(ran.stdout).toBe("own\n640\n644\nyes\n")
  })
})

describe("pruning", () => {
  it("removes only images that were built here from other inputs than those to keep", async () => {
    const all = await load()
    const foreign = `${namespace}/foreign:1`
    await run("docker", ["tag", base, foreign])
    // Others share this engine: what they have is kept by its hash.
    const images = await docker.listImages({ filters: { label: ["io.bifrost-ts.input"] } })
    const others = images.map(({ Labels }) => Labels["io.bifrost-ts.input"]!).filter((hash) => !built.has(hash))
    const keep = new Set([...others, ...[...all.values()].map(({ hash }) => hash)])
    const rehearsed = await pruneContainers(docker, keep, { dryRun: true })
    const { removed } = await pruneContainers(docker, keep, { dryRun: false })
    expect(removed.length).toBeGreaterThan(0)
    expect(rehearsed.removed.length).toBeGreaterThanOrEqual(removed.length)
    for (const name of removed) expect(name).toMatch(new RegExp(`^(${namespace}/|sha256:)`))
    for (const { reference } of all.values())
      expect((await docker.getImage(reference).inspect()).Id).toMatch(/^sha256:/)
    expect((await docker.getImage(foreign).inspect()).Id).toMatch(/^sha256:/)
  })
})
