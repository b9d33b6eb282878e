import { expect, test } from "vitest"
import { stalePages } from "../../../scripts/generate-docs.ts"
import { drawnStates } from "../../../scripts/generate-docs-states.ts"
import { transitions } from "../../../src/states/table.ts"

const root = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "")

test("the pages made from code say what the code says; npm run docs makes them anew", async () => {
  expect(await stalePages(root)).toEqual([])
})

test("every state is drawn once", () => {
  expect([...drawnStates].sort()).toEqual(Object.keys(transitions).sort())
})
