import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Cache, type Recipe } from "../../../src/build/cache.ts"
import { run } from "../../../src/util/run.ts"

let root: string
let builds: number

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "bifrost-cache-"))
  builds = 0
})
afterEach(() => rm(root, { recursive: true, force: true }))

function recipe(overrides: Partial<Recipe> = {}): Recipe {
  return {
    kind: "os",
    name: "thing",
    inputs: { packages: ["a"] },
    needs: 1,
    async build(dir) {
      builds += 1
      await writeFile(join(dir, "file"), `build ${builds}`)
    },
    ...overrides,
  }
}

describe("Cache", () => {
  it("builds once for the same inputs and again for others", async () => {
    const cache = new Cache(root)
    const first = await cache.obtain(recipe())
    const second = await cache.obtain(recipe())
    const other = await cache.obtain(recipe({ inputs: { packages: ["a", "b"] } }))
    expect([first.cached, second.cached, other.cached]).toEqual([false, true, false])
    expect(second.dir).toBe(first.dir)
    expect(other.dir).not.toBe(first.dir)
    expect(builds).toBe(2)
    expect(await readFile(join(first.dir, "file"), "utf8")).toBe("build 1")
  })

  it("builds again when asked to refresh", async () => {
    const cache = new Cache(root)
    await cache.obtain(recipe())
    const fresh = await cache.obtain(recipe(), { refresh: true })
    expect(fresh.cached).toBe(false)
    expect(await readFile(join(fresh.dir, "file"), "utf8")).toBe("build 2")
  })

  it("leaves nothing behind when a build fails, and can build afterwards", async () => {
    const cache = new Cache(root)
    const failing = recipe({
      async build(dir) {
        await writeFile(join(dir, "half"), "")
        throw new Error("mirror down")
      },
    })
    await expect(cache.obtain(failing)).rejects.toThrow("mirror down")
    expect((await readdir(join(root, "os"))).filter((entry) => !entry.endsWith(".lock"))).toEqual([])
    expect((await cache.obtain(recipe())).cached).toBe(false)
  })

  it("lets one of two builders build and the other wait for it", async () => {
    const lines: string[] = []
    let goOn = () => {}
    const going = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const slow = recipe({
      async build(dir) {
        builds += 1
        await going
        await writeFile(join(dir, "file"), "slow")
      },
    })
    const progress = (line: string) => {
      lines.push(line)
      goOn()
    }
    const both = [new Cache(root), new Cache(root)].map((cache) => cache.obtain(slow, { progress }))
    const results = await Promise.all(both)
    expect(builds).toBe(1)
    expect(results.map((result) => result.cached).sort()).toEqual([false, true])
    expect(lines).toEqual(["thing: another process builds it; waiting"])
  })

  it("says that there is no room before it begins", async () => {
    const cache = new Cache(root)
    await expect(cache.obtain(recipe({ needs: 1e18 }))).rejects.toMatchObject({
      code: "CACHE_FULL",
      expected: "at least 1000000000000 MB",
    })
    expect(builds).toBe(0)
  })

  it("turns a disk that fills while building into the same error", async () => {
    const failures = [
      () => Promise.reject(Object.assign(new Error("write"), { code: "ENOSPC" })),
      () => run("sh", ["-c", "echo tar: No space left on device >&2; exit 2"]),
    ]
    for (const fail of failures) {
      const full = recipe({ build: async () => void (await fail()) })
      await expect(new Cache(root).obtain(full)).rejects.toMatchObject({ code: "CACHE_FULL" })
    }
  })

  it("says which directory it cannot make", async () => {
    await writeFile(join(root, "file"), "")
    await expect(new Cache(join(root, "file")).obtain(recipe())).rejects.toMatchObject({ code: "CACHE_UNUSABLE" })
  })

  it("says so too where the kernel makes no directories", async () => {
    await expect(new Cache("/proc/cache").obtain(recipe())).rejects.toMatchObject({ code: "CACHE_UNUSABLE" })
  })

  it("makes every directory on the way", async () => {
    const built = await new Cache(join(root, "a", "b", "c")).obtain(recipe())
    expect(await readFile(join(built.dir, "file"), "utf8")).toBe("build 1")
  })

  it("prunes all but the newest of each name, and what broken-off builds left", async () => {
    const cache = new Cache(root)
    const old = await cache.obtain(recipe())
    const newest = await cache.obtain(recipe({ inputs: { packages: ["b"] } }))
    const other = await cache.obtain(recipe({ name: "other" }))
    await mkdir(`${old.dir}.tmp`)
    const removed = await cache.prune()
    expect(removed.map((artifact) => artifact.dir)).toEqual([old.dir])
    const left = await cache.list()
    expect(left.map((artifact) => artifact.dir).sort()).toEqual([newest.dir, other.dir].sort())
    expect((await readdir(join(root, "os"))).some((entry) => entry.endsWith(".tmp"))).toBe(false)

    await cache.prune({ all: true })
    expect(await cache.list()).toEqual([])
  })
})
