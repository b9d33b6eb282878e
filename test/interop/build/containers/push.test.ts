import { mkdtempSync, rmSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { connect, createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { pack } from "tar-stream"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { followProgress } from "../../../../src/build/containers/engine.ts"
import { containerBuildErrors } from "../../../../src/build/containers/errors.ts"
import type { PushedImages } from "../../../../src/build/containers/push.ts"
import { type PushSiteOptions, pushSite } from "../../../../src/build/containers/push-site.ts"
import { withRegistryRelay } from "../../../../src/provisioner/registry-relay.ts"
import { siteAuthority } from "../../../../src/service/pki.ts"
import { startRegistry } from "../../../../src/service/registry.ts"
import { openMemoryStore } from "../../../../src/store/open.ts"
import { type Clock, systemClock } from "../../../../src/util/clock.ts"
import type { Supervised } from "../../../../src/util/supervise.ts"
import { docker } from "../../deploy/container-host.ts"
import { removeImages } from "./namespace.ts"

/** An image of one file, and the registry that a provisioner runs, behind a relay that breaks connections off. */
const namespace = `bifrost-push-${process.pid}`
const paths = { state: mkdtempSync(join(tmpdir(), "bifrost-push-")), cache: "/nonexistent" }
const hash = "7".repeat(64)
const reference = `${namespace}/tiny:${hash.slice(0, 12)}`
const recipe = { definition: { name: "tiny" }, hash, reference } as Parameters<typeof pushSite>[0][number]
const lockFile = join(paths.state, "images.lock")
/** Pauses between attempts are told, not waited for. */
const clock: Clock = { ...systemClock, sleep: async () => {} }
let registry: Supervised

beforeAll(async () => {
  const authority = await siteAuthority(await openMemoryStore(), systemClock)
  const address = "127.0.53.2"
  registry = await startRegistry({ paths, clock: systemClock, authority, address, port: 5000, log: () => {} })
  const answers = () => withRegistryRelay(paths, (name) => fetch(`http://${name}/v2/`))
  await vi.waitFor(answers, { timeout: 30_000 })
  const context = pack()
  context.entry({ name: "Dockerfile" }, "FROM scratch\nCOPY file /file\n")
  context.entry({ name: "file" }, "tiny")
  context.finalize()
  const building = await docker.buildImage(Readable.from(context), { t: reference })
  await followProgress(docker, building, { kind: containerBuildErrors.IMAGE_BUILD_FAILED, subject: reference })
})

afterAll(async () => {
  await registry?.stop()
  await removeImages(namespace)
  rmSync(paths.state, { recursive: true, force: true })
})

/** A way to the registry that ends so many connections as soon as something is said on them, and then lets all through. */
async function breaking(count: number, port: number): Promise<{ port: number; server: Server }> {
  let left = count
  const server = createServer((client) => {
    client.on("error", () => {})
    if (left-- > 0) return void client.once("data", () => client.end())
    const upstream = connect(port, "127.0.0.1")
    client.pipe(upstream).pipe(client)
    upstream.on("error", () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return { port: (server.address() as { port: number }).port, server }
}

/** @param broken how many connections end before one gets through */
async function push(broken: number, more: Partial<PushSiteOptions> = {}) {
  const told: string[] = []
  const onRetry = (image: string, error: string, seconds: number) => void told.push(`${image} ${seconds} ${error}`)
  const pushed = withRegistryRelay(paths, async (direct) => {
    const { port, server } = await breaking(broken, Number(direct.split(":")[1]))
    const options = { docker, clock, registry: `127.0.0.1:${port}`, lockFile, keep: false, retries: 3, onRetry }
    try {
      return await pushSite([recipe], { ...options, ...more })
    } finally {
      server.close()
    }
  })
  return { told, pushed: await pushed.catch((error: Error) => error) }
}

it("pushes an image although the registry breaks off first, and says that it tries again", async () => {
  // The engine asks by TLS first, and in plain text after that: one attempt is two connections.
  const { told, pushed } = await push(2)
  expect(told).toEqual([expect.stringMatching(/^tiny 2 .*(EOF|reset)/)])
  const { digest } = (pushed as PushedImages).images["tiny"]!
  expect(JSON.parse(await readFile(lockFile, "utf8")).images.tiny).toMatchObject({ digest, input: hash })
  const headers = { accept: "application/vnd.docker.distribution.manifest.v2+json" }
  const there = (name: string) => fetch(`http://${name}/v2/${namespace}/tiny/manifests/${digest}`, { headers })
  expect(await withRegistryRelay(paths, async (name) => (await there(name)).status)).toBe(200)
})

it("gives up after as many tries as it was told, with the registry's name in the error", async () => {
  const { told, pushed } = await push(Number.POSITIVE_INFINITY, { retries: 2 })
  expect(told.map((line) => line.split(" ")[1])).toEqual(["2", "4"])
  expect(pushed).toMatchObject({ code: "IMAGE_PUSH_FAILED", message: expect.stringMatching(/127\.0\.0\.1:\d+/) })
})
