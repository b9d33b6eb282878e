import { chmod, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { fingerprint } from "../../../src/build/fingerprint.ts"

let tree: string
beforeEach(async () => {
  tree = await mkdtemp(join(tmpdir(), "bifrost-tree-"))
  await writeFile(join(tree, "a"), "one", { mode: 0o644 })
})
afterEach(() => rm(tree, { recursive: true, force: true }))

it("does not depend on the order of keys", async () => {
  expect(await fingerprint({ a: 1, b: { c: [1, 2], d: null } })).toBe(
    await fingerprint({ b: { d: null, c: [1, 2] }, a: 1 }),
  )
})

it("depends on the order of lists", async () => {
  expect(await fingerprint({ a: ["x", "y"] })).not.toBe(await fingerprint({ a: ["y", "x"] }))
})

it("changes with a file's content, mode, name and link target", async () => {
  const seen = new Set([await fingerprint({ files: { tree } })])
  const changes = [
    () => writeFile(join(tree, "a"), "two"),
    () => chmod(join(tree, "a"), 0o755),
    () => rename(join(tree, "a"), join(tree, "b")),
    () => symlink("b", join(tree, "link")),
    () => rm(join(tree, "link")).then(() => symlink("c", join(tree, "link"))),
  ]
  for (const change of changes) {
    await change()
    seen.add(await fingerprint({ files: { tree } }))
  }
  expect(seen.size).toBe(changes.length + 1)
})

it("does not depend on the umask of who checked it out", async () => {
  const before = await fingerprint({ files: { tree } })
  for (const mode of [0o664, 0o600]) {
    await chmod(join(tree, "a"), mode)
    expect(await fingerprint({ files: { tree } })).toBe(before)
  }
})

it("does not depend on where the tree is", async () => {
  const before = await fingerprint({ files: { tree } })
  await rename(tree, `${tree}-moved`)
  const after = await fingerprint({ files: { tree: `${tree}-moved` } })
  await rename(`${tree}-moved`, tree)
  expect(after).toBe(before)
})
