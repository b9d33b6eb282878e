import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { Command } from "commander"
import { afterEach, beforeEach, expect, test } from "vitest"
import { parse } from "yaml"
import { type Surroundings, showDemo } from "../../../scripts/journey/demo.ts"
import { demos } from "../../../scripts/journey/demos.ts"
import { registerFor } from "../../../src/cli/commands.ts"
import { siteFile } from "../../../src/deploy/site/files.ts"
import { defaultLabName } from "../../../src/lab/lab.ts"
import { planLab } from "../../../src/lab/spec.ts"
import { inState, type Paths } from "../../../src/util/paths.ts"

let paths: Paths
let said: string
let complained: string
let ran: string[][]

beforeEach(() => {
  paths = { state: mkdtempSync(join(tmpdir(), "bifrost-demo-")), cache: "" }
  said = ""
  complained = ""
  ran = []
})
afterEach(() => rmSync(paths.state, { recursive: true }))

/** A world in which every command takes half a minute and ends with what `codeOf` says. */
const around = (codeOf: (words: readonly string[]) => number | null = () => 0): Surroundings => ({
  paths,
  say: (text) => {
    said += `${stripVTControlCharacters(text)}\n`
  },
  complain: (text) => {
    complained += `${stripVTControlCharacters(text)}\n`
  },
  now: () => ran.length * 30_000,
  accelerator: async () => "tcg",
  bifrost: (words) => {
    ran.push([...words])
    return codeOf(words)
  },
})

/** What is wrong with the words of a command line, as far as its verbs and options go; undefined when nothing is. */
async function wrongIn(words: readonly string[]): Promise<string | undefined> {
  const program = new Command()
  await registerFor(program, words[0])
  let command = program
  for (const [index, word] of words.entries()) {
    const next = command.commands.find((each) => each.name() === word)
    if (!next && command.commands.length > 0) return `${command.name()} has no ${word}`
    if (next) command = next
    else if (word === "--") return undefined
    else if (word.startsWith("-") && !command.options.some(({ short, long }) => [short, long].includes(word)))
      return `${words.slice(0, index).join(" ")} has no option ${word}`
  }
  return command.commands.length > 0 ? `${words.join(" ")} is not the whole of a command` : undefined
}

/** Every command line that a text tells a person to type. */
const toType = (text: string) =>
  [...text.matchAll(/bin\/bifrost-ts (.+?)(?= {2}|$| &&)/gm)].map(([, words = ""]) => words.split(" "))

test.each(Object.keys(demos) as (keyof typeof demos)[])(
  "the demo of %s runs commands that are there, to the end",
  async (name) => {
    expect(await showDemo(["--services", name], around())).toBe(0)
    expect(ran[0]).toEqual(["lab", "up", "--name", defaultLabName, ...demos[name].machine])
    expect(ran.at(-2)).toEqual(["provision", "--then-deploy"])
    expect(ran.at(-1)!.slice(-2)).toEqual(["token", "issue"])
    for (const words of ran) expect(await wrongIn(words)).toBe(undefined)
    expect(said).toContain(`expect about ${demos[name].minutesEmulated} minutes`)
    expect(parse(readFileSync(join(inState.site(paths), siteFile), "utf8"))).toEqual(demos[name].site)
    expect(complained).toBe("")
  },
)

test("at its end it tells how to reach what it leaves running, by commands that are there", async () => {
  await showDemo([], around())
  const end = said.slice(said.indexOf("What was bare"))
  const openstack = `lab exec -- env OS_CLIENT_CONFIG_FILE=${paths.state}/access/clouds.yaml openstack --os-cloud bifrost`
  expect(end).toBe(`What was bare runs Keystone and what it stands on, after 5:00.

  log in      bin/bifrost-ts lab ssh node1
  console     bin/bifrost-ts lab console node1
  Keystone    http://172.22.0.11:5000/v3   (inside the lab's network)
  openstack   bin/bifrost-ts ${openstack} service list
  what it did bin/bifrost-ts timeline node1
  again       bin/bifrost-ts provision --then-deploy      changes nothing
  take down   bin/bifrost-ts down --lab bifrost-lab && bin/bifrost-ts lab down

`)
  expect(toType(end)).toHaveLength(7)
  for (const words of toType(end)) expect(await wrongIn(words)).toBe(undefined)
  expect(planLab(defaultLabName, {}).machines).toMatchObject([{ name: "node1", ip: "172.22.0.11" }])
})

test("several machines, and a lab of another name, are told to every command that has to know", async () => {
  expect(await showDemo(["--nodes", "2", "--firmware", "mixed", "--lab", "rack"], around())).toBe(0)
  expect(ran[0]).toEqual([
    "lab",
    "up",
    "--name",
    "rack",
    ...demos.identity.machine,
    "--nodes",
    "2",
    "--firmware",
    "mixed",
  ])
  expect(ran.filter((words) => words.join(" ").includes(defaultLabName))).toEqual([])
  const end = said.slice(said.indexOf("What was bare"))
  expect(end).not.toContain(defaultLabName)
  expect(end).toContain("lab ssh --name rack node1")
  for (const words of [...ran, ...toType(end)]) expect(await wrongIn(words)).toBe(undefined)
})

test.each([
  ["a command that fails", 7, 7],
  ["a command that a signal ends", null, 1],
])("%s ends it with that exit code and the next step", async (_, status, code) => {
  const enrollFails = ([verb]: readonly string[]) => (verb === "enroll" ? status : 0)
  expect(await showDemo([], around(enrollFails))).toBe(code)
  expect(ran.at(-1)![0]).toBe("enroll")
  expect(complained).toContain("mend what the error names and run\nnpm run demo again, or take everything down with: ")
  expect(toType(complained)).toEqual([
    ["down", "--lab", defaultLabName],
    ["lab", "down"],
  ])
  expect(said).not.toContain("log in")
})

test.each([
  ["a demo that is not there", ["--services", "toString"], 'there is no demo "toString"'],
  ["an option that is not there", ["--service", "core"], "--service"],
])("%s is told before anything is made", async (_, args, named) => {
  expect(await showDemo(args, around())).toBe(2)
  expect(complained).toContain(named)
  expect(complained).toContain(
    "usage: npm run demo [-- --services identity|core --nodes N --firmware bios|uefi|mixed --lab NAME]",
  )
  expect([ran, said]).toEqual([[], ""])
})
