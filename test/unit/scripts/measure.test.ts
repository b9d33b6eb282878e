import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeEach, expect, test } from "vitest"
import { type Measurable, measured } from "../../../scripts/journey/measure.ts"

const folder = mkdtempSync(join(tmpdir(), "bifrost-measure-"))
const file = join(folder, "figures.json")
const stages = [
  { stage: "lab", seconds: 3 },
  { stage: "provision", seconds: 200.5 },
]
const legs = {
  node1: [{ phase: "left for the system", at: 55, took: 4, how: "kexec" }],
  node2: [{ phase: "left for the system", at: 57, took: 5, how: "kexec" }],
}
const deeds: string[] = []
const told = { said: [] as string[], complained: [] as string[] }
const voice = {
  say: (line: string) => void told.said.push(line),
  complain: (line: string) => void told.complained.push(line),
}

/** A journey that is nothing but what it comes to. */
const journey = (changes: Partial<Measurable> = {}): Measurable => ({
  run: async () => stages,
  openstack: async () => ({ code: 0, stdout: "a token", stderr: "" }),
  timeline: async (node) => legs[node as keyof typeof legs],
  takeDown: async () => void deeds.push("taken down"),
  ...changes,
})
const measure = (args: readonly string[], changes: Partial<Measurable> = {}) =>
  measured(
    args,
    () => {
      deeds.push("begun")
      return journey(changes)
    },
    voice,
  )

beforeEach(() => {
  for (const each of [deeds, told.said, told.complained]) each.length = 0
  rmSync(file, { force: true })
})
afterAll(() => rmSync(folder, { recursive: true }))

test("the figures are a table, and with --json FILE the same in a file", async () => {
  expect(await measure(["--json", file])).toBe(0)
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
    stages: [...stages, { stage: "token", seconds: expect.any(Number) }],
    nodes: { "node1 (BIOS)": legs.node1, "node2 (UEFI)": legs.node2 },
  })
  expect(told.said.join("\n")).toMatch(/provision +200\.5\ntoken +0\.0\n\n.*node1 \(BIOS\) +node2 \(UEFI\)\nleft/)
  expect(deeds).toEqual(["begun", "taken down"])
})

test.each([
  ["an option that is not there", ["--jsn", file], "--jsn"],
  ["no file's name", ["--json"], "--json"],
  ["a word too many", ["figures.json"], "figures.json"],
  ["a file that cannot be written", ["--json", join(folder, "absent", "figures.json")], "ENOENT"],
])("%s is told before any machine is made", async (_, args, named) => {
  expect(await measure(args)).toBe(2)
  expect(told.complained.join("\n")).toContain(named)
  expect(told.complained.join("\n")).toContain("usage: npm run e2e [-- --json FILE]")
  expect(deeds).toEqual([])
})

test.each([
  [
    "a stage that fails",
    { run: () => Promise.reject(new Error("bifrost-ts up ended with exit code 1")) },
    "bifrost-ts up ended with exit code 1",
  ],
  ["a token that is refused", { openstack: async () => ({ code: 1, stdout: "", stderr: "HTTP 401" }) }, "HTTP 401"],
])("%s ends with exit code 1 and its reason, and what was made is taken down", async (_, changes, reason) => {
  expect(await measure(["--json", file], changes)).toBe(1)
  expect(told.complained.join("\n")).toContain(reason)
  expect(readFileSync(file, "utf8")).toBe("")
  expect(deeds).toEqual(["begun", "taken down"])
})
