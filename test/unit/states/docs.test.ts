import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { generatedPages } from "../../../scripts/generate-docs.ts"
import { drawnStates } from "../../../scripts/generate-docs-states.ts"
import { transitions } from "../../../src/states/table.ts"

const root = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "")

test("the pages made from code say what the code says; node scripts/generate-docs.ts makes them anew", async () => {
  for (const [file, text] of Object.entries(await generatedPages(root))) {
    expect(readFileSync(`${root}/${file}`, "utf8"), file).toBe(text)
  }
})

test("every state is drawn once", () => {
  expect([...drawnStates].sort()).toEqual(Object.keys(transitions).sort())
})
