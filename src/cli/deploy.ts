import type { Command } from "commander"
import { Client } from "./client.ts"
import { examples } from "./examples.ts"
import { partOf, partOptions, plan, printPlan, runHere, runOptions, type SiteFlags } from "./site-run.ts"

interface Flags extends SiteFlags {
  readonly until?: string
  readonly withDependencies?: boolean
}

const scopeOptions = (command: Command) =>
  partOptions(command)
    .option("--until <step>", "a service or a step: this, what it comes after, and no more")
    .option("--with-dependencies", "with --only and --host: also bring about what they rest on")

const scopeOf = ({ until, withDependencies, ...part }: Flags) => ({
  ...partOf(part),
  ...(until !== undefined && { until }),
  ...(withDependencies && { with_dependencies: true }),
})

/** What `plan` ends with when something would change, as `terraform plan -detailed-exitcode` and diff-like tools do. */
const differs = 2

const about = `
Only what differs is touched; running it again is always safe. With --only and --host, what is left out has to be as wanted
already: the run says what is not, and begins nothing that rests on it.`

/** A cloud is always brought to what is written down, so there is no second way to do it under the second name. */
const words = {
  deploy: "bring the cloud's services on all active nodes to what the definitions say",
  reconfigure: "the same as deploy, under the name that kolla-ansible's users look for",
}

/** `bifrost-ts deploy|reconfigure|plan`. */
export function registerDeploy(program: Command): void {
  for (const [word, description] of Object.entries(words)) {
    runOptions(scopeOptions(program.command(word)))
      .description(description)
      .addHelpText("after", about)
      .addHelpText(
        "after",
        examples(word, `${word} --only nova neutron`, `${word} --host cmp3`, `${word} --until keystone`),
      )
      .action(deploy)
  }

  scopeOptions(program.command("plan"))
    .description("show what deploy would do; nothing is changed")
    .option("--json", "print JSON")
    .addHelpText("after", about)
    .addHelpText("after", "\nExit code: 0 nothing to change, 2 there are changes, 1 the plan could not be made.")
    .addHelpText("after", examples("plan", "plan --only nova --with-dependencies", "plan --json | jq .planned"))
    .action(async ({ json, ...flags }: Flags) => {
      const result = await plan(new Client(), { kind: "deploy", ...scopeOf(flags) })
      if (result.planned.length > 0) process.exitCode = differs
      printPlan(result, json ?? false)
    })
}

async function deploy(flags: Flags): Promise<void> {
  const client = new Client()
  const request = { kind: "deploy", ...scopeOf(flags) }
  if (!flags.detach && !flags.json) {
    const planned = await plan(client, request)
    printPlan(planned, false)
    if (planned.planned.length + planned.failed.length === 0) return
    process.exitCode = 0
  }
  await runHere(client, request, flags)
}
