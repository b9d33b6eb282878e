import { execFile, execFileSync } from "node:child_process"
import { globSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"

let folder: string
let cache: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bifrost-no-room-"))
  cache = join(folder, "cache")
  mkdirSync(cache)
})
afterEach(() => {
  execFileSync("umount", [cache])
  rmSync(folder, { recursive: true })
})

/** `images build guest` by the real command, and what it printed. */
function build(): Promise<{ code: unknown; output: string }> {
  const env = { ...process.env, BIFROST_CACHE: cache, BIFROST_STATE: join(folder, "state"), NO_COLOR: "1" }
  return new Promise((resolve) => {
    execFile("bin/bifrost-ts", ["images", "build", "guest"], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    )
  })
}

it.each([
  ["too small from the start", "size=8m", /has 8 MB free \(expected at least 300 MB\)\n/],
  // Room for the files' bytes, but not for the files: mkdir of a program that the build runs is what fails.
  ["full in the middle of a build", "size=2g,nr_inodes=30", /cache\n/],
])("a cache that is %s is one clear error, and nothing half-written stays", async (_, options, detail) => {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", cache])
  const { code, output } = await build()
  expect(code).toBe(1)
  expect(output.split("\n").filter((line) => line.startsWith("error"))).toEqual([
    expect.stringMatching(/^error no room for the cache: /),
  ])
  expect(output).toMatch(detail)
  expect(output).toContain("name a larger place with BIFROST_CACHE. [CACHE_FULL]")
  // Empty files that builders wait for each other by are left, and the folders that they are in.
  const left = globSync("**", { cwd: folder }).filter(
    (path) => !/^(\.|cache|cache\/\w+(\/guest-\w+\.lock)?)$/.test(path),
  )
  expect(left).toEqual([])
})
