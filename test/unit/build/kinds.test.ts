import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { findBuildable } from "../../../src/build/kinds.ts"
import { productionPackages } from "../../../src/build/provisioner/packages.ts"
import { publishFile, publishTree } from "../../../src/build/publish.ts"

it("builds the first of a kind when no name is given", () => {
  expect(findBuildable("os").name).toBe("debian-13")
})

it("names what there is when asked for something else", () => {
  expect(() => findBuildable("nosuch")).toThrow(/nosuch \(expected os, ramdisk/)
  expect(() => findBuildable("os", "nosuch")).toThrow(/os nosuch \(expected debian-13/)
})

it("leaves development packages, nested ones and the Node binary out of the service", () => {
  const lock = {
    packages: {
      "": {},
      "node_modules/fastify": {},
      "node_modules/fastify/node_modules/ajv": {},
      "node_modules/vitest": { dev: true },
      "node_modules/node": {},
      "node_modules/esbuild": {},
      "node_modules/@esbuild/linux-x64": { optional: true },
      "node_modules/ssh2": {},
    },
  }
  expect(productionPackages(JSON.stringify(lock))).toEqual(["node_modules/fastify", "node_modules/ssh2"])
})

it("publishes a file whole, leaves the same one alone, and nothing else beside it", async () => {
  const dir = await mkdtemp(join(tmpdir(), "bifrost-publish-"))
  try {
    const to = join(dir, "state", "file")
    await writeFile(join(dir, "file"), "one")
    await publishFile(join(dir, "file"), to)
    await publishFile(join(dir, "file"), to)
    expect(await readFile(to, "utf8")).toBe("one")
    await writeFile(join(dir, "file"), "second")
    await publishFile(join(dir, "file"), to)
    expect(await readFile(to, "utf8")).toBe("second")
    expect(await readdir(join(dir, "state"))).toEqual(["file"])
  } finally {
    await rm(dir, { recursive: true })
  }
})

it("publishes a tree but for what is unwanted, and a second time nothing", async () => {
  const dir = await mkdtemp(join(tmpdir(), "bifrost-publish-"))
  const [from, to] = [join(dir, "from"), join(dir, "to")]
  try {
    await mkdir(join(from, "deep"), { recursive: true })
    for (const file of ["one.raw", "one.box", "deep/two"]) await writeFile(join(from, file), file)
    const wanted = (path: string) => !path.endsWith(".box")
    expect((await publishTree(from, to, wanted)).sort()).toEqual([join(to, "deep/two"), join(to, "one.raw")])
    expect(await publishTree(from, to, wanted)).toEqual([])
    expect(await readFile(join(to, "deep/two"), "utf8")).toBe("deep/two")
    await expect(publishTree(join(dir, "nothing"), to)).rejects.toMatchObject({ code: "NOT_BUILT" })
  } finally {
    await rm(dir, { recursive: true })
  }
})
