import { Command } from "commander"
import { expect, test } from "vitest"
import { commandFiles, registerFor } from "../../../src/cli/commands.ts"

async function namesFor(word: string | undefined): Promise<string[]> {
  const program = new Command()
  await registerFor(program, word)
  return program.commands.map((command) => command.name())
}

test.each(commandFiles)("the file of $words registers just these words", async ({ words, load }) => {
  const program = new Command()
  ;(await load())(program)
  expect(program.commands.map((command) => command.name())).toEqual(words)
})

test("a command loads its own file; help, completion and a slip of the pen load all", async () => {
  const all = commandFiles.flatMap(({ words }) => words)
  expect(await namesFor("plan")).toEqual(["deploy", "reconfigure", "plan"])
  for (const word of [undefined, "--help", "help", "completion", "provison"]) expect(await namesFor(word)).toEqual(all)
})
