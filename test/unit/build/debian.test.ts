import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { debianMirror, mirrorIn, sourceLines } from "../../../src/build/debian.ts"

it("finds the archive in both formats of apt's sources", () => {
  expect(mirrorIn("# deb http://x/debian a main\ndeb [signed-by=/k] http://mirror.example/debian/ trixie main\n")).toBe(
    "http://mirror.example/debian",
  )
  expect(mirrorIn("Types: deb\nURIs: https://mirror.example/debian\nSuites: trixie\n")).toBe(
    "https://mirror.example/debian",
  )
})

it("takes other archives for none", () => {
  expect(mirrorIn("deb http://mirror.example/debian-security trixie-security main\n")).toBeUndefined()
  expect(mirrorIn("deb https://packages.example/node nodistro main\n")).toBeUndefined()
})

it("says so when apt names none, and else takes what it names", async () => {
  const etc = await mkdtemp(join(tmpdir(), "bifrost-apt-"))
  try {
    await expect(debianMirror(etc)).rejects.toMatchObject({ code: "MIRROR_UNKNOWN" })
    await mkdir(join(etc, "sources.list.d"))
    await writeFile(join(etc, "sources.list.d/site.sources"), "Types: deb\nURIs: http://mirror.example/debian\n")
    expect(await debianMirror(etc)).toBe("http://mirror.example/debian")
  } finally {
    await rm(etc, { recursive: true })
  }
})

it("asks for main alone unless a root names components", () => {
  const mirror = "http://mirror.example/debian"
  expect(sourceLines(mirror, { suite: "trixie" })).toEqual([
    "deb http://mirror.example/debian trixie main",
    "deb http://mirror.example/debian trixie-updates main",
    "deb http://mirror.example/debian-security trixie-security main",
  ])
  const [first] = sourceLines(mirror, { suite: "trixie", components: ["main", "non-free-firmware"] })
  expect(first).toBe("deb http://mirror.example/debian trixie main non-free-firmware")
})
