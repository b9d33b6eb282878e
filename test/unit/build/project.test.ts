import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { inProject, nodeVersion } from "../../../src/build/project.ts"

test("what runs here is the Node of the npm package that package.json pins, whatever the host has", async () => {
  const { dependencies } = JSON.parse(readFileSync(inProject("package.json"), "utf8"))
  expect(await nodeVersion()).toBe(dependencies.node)
  expect(process.version).toBe(`v${dependencies.node}`)
})
