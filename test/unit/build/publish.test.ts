import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { publishText } from "../../../src/build/publish.ts"

it("publishes many files at once, each with its own content", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bifrost-publish-"))
  try {
    const names = Array.from({ length: 50 }, (_, index) => `file${index}`)
    await Promise.all(names.map((name) => publishText(name, join(folder, name))))
    expect((await readdir(folder)).sort()).toEqual(names.toSorted())
    for (const name of names) expect(await readFile(join(folder, name), "utf8")).toBe(name)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
