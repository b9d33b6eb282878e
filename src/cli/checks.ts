import type { Command } from "commander"
import type { CheckResult } from "../deploy/checks/finding.ts"
import { Client } from "./client.ts"
import { exitCodes } from "./errors.ts"
import { examples } from "./examples.ts"
import { showChecks } from "./show/checks.ts"
import { resultOf } from "./site-run.ts"

interface Flags {
  readonly all?: boolean
  readonly json?: boolean
}

const words = {
  prechecks: {
    description: "whether the hosts can carry what the site puts on them",
    help: `
On each host: the way to it, engine, system, cgroups, disk, memory, clock, name, ports, networks by role, kernel features, the
way to the registry. Nothing is changed.`,
  },
  check: {
    description: "whether the cloud works: health of all containers, and a question to each API",
    help: `
The questions go through the public endpoints, with a token, to what each API answers from its database. Nothing is changed.`,
  },
}

/** `bifrost-ts prechecks|check`. */
export function registerChecks(program: Command): void {
  for (const [word, { description, help }] of Object.entries(words)) {
    program
      .command(word)
      .description(description)
      .option("--all", "show what is well, too")
      .option("--json", "print JSON")
      .addHelpText("after", `${help}\nExit code: 0 all is well (warnings are told), 1 something is not.`)
      .addHelpText(
        "after",
        examples(word, `${word} --all`, `${word} --json | jq '.findings[] | select(.status == "failed")'`),
      )
      .action(async ({ all, json }: Flags) => {
        const found = (await resultOf(new Client(), { kind: word })) as unknown as CheckResult
        console.log(json ? JSON.stringify(found, null, 2) : showChecks(found, all ?? false))
        if (found.failed > 0) process.exitCode = exitCodes.failed
      })
  }
}
