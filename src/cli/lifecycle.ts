import { createInterface } from "node:readline/promises"
import type { Command } from "commander"
import pc from "picocolors"
import { BifrostError } from "../util/errors.ts"
import { Client } from "./client.ts"
import { cliErrors } from "./errors.ts"
import { examples } from "./examples.ts"
import { partOf, partOptions, plan, printPlan, runHere, runOptions, type SiteFlags } from "./site-run.ts"

interface Verb {
  readonly word: string
  readonly description: string
  readonly help: string
  readonly examples: readonly string[]
  /** Whether it can be limited to services and hosts. */
  readonly part: readonly ("only" | "host")[]
}

/** Verbs that act on what is deployed, or prepare it; each is a run of its own kind. */
const verbs: readonly Verb[] = [
  {
    word: "bootstrap-servers",
    description: "prepare hosts: container engine, names of the others, kernel modules and settings",
    help: "What is there already is left alone, and nothing that runs is restarted.",
    examples: ["bootstrap-servers --dry-run", "bootstrap-servers --host compute3"],
    part: ["host"],
  },
  {
    word: "pull",
    description: "bring the images of the site's services to the hosts; nothing is started",
    help: "Before an upgrade, so that the deploy itself has nothing to wait for.",
    examples: ["pull", "pull --only nova", "pull --host compute3"],
    part: ["only", "host"],
  },
  {
    word: "post-deploy",
    description: "write openrc.sh and clouds.yaml, and prove them by a token",
    help: "deploy does this too; the files are for their owner only.",
    examples: ["post-deploy"],
    part: [],
  },
  {
    word: "stop",
    description: "end the site's containers, each after those that need it",
    help: "They stay ended when a host is restarted; bifrost-ts start, or a deploy, lets them run again.",
    examples: ["stop", "stop --only nova", "stop --host compute3"],
    part: ["only", "host"],
  },
  {
    word: "start",
    description: "let containers that were ended run again, each after those that it needs are healthy",
    help: "Nothing about them is changed; deploy also brings them to what the definitions say.",
    examples: ["start", "start --host compute3"],
    part: ["only", "host"],
  },
]

interface DestroyFlags extends SiteFlags {
  readonly includeData?: boolean
  readonly dryRun?: boolean
  readonly yesIReallyReallyMeanIt?: boolean
}

/** `bifrost-ts bootstrap-servers|pull|post-deploy|stop|start|destroy`. */
export function registerLifecycle(program: Command): void {
  for (const { word, description, help, examples: shown, part } of verbs) {
    const command = program.command(word)
    runOptions(partOptions(command, part))
      .description(description)
      .option("--dry-run", "only show what would be done")
      .addHelpText("after", `\n${help}`)
      .addHelpText("after", examples(...shown))
      .action(async ({ dryRun, ...flags }: DestroyFlags) => {
        const client = new Client()
        const request = { kind: word, ...partOf(flags) }
        if (dryRun) printPlan(await plan(client, request), flags.json ?? false)
        else await runHere(client, request, flags)
      })
  }

  runOptions(partOptions(program.command("destroy")))
    .description("remove the site's containers and their configuration from the hosts")
    .option("--include-data", "remove their volumes too, with databases, images and all that they hold")
    .option("--dry-run", "only show what would be removed")
    .option("--yes-i-really-really-mean-it", "do not ask")
    .addHelpText("after", "\nWhat others made is left alone. You are asked to type the region's name first.")
    .addHelpText("after", examples("destroy --dry-run", "destroy --include-data", "destroy --host compute3"))
    .action(destroy)
}

async function destroy({ dryRun, includeData, yesIReallyReallyMeanIt: sure, ...flags }: DestroyFlags): Promise<void> {
  const client = new Client()
  const request = { kind: "destroy", ...partOf(flags), ...(includeData && { include_data: true }) }
  const planned = await plan(client, request)
  if (dryRun) return printPlan(planned, flags.json ?? false)
  if (!flags.json) printPlan(planned, false)
  if (planned.planned.length + planned.failed.length === 0) return
  const confirm = sure ? planned.region : await typed(planned.region)
  if (confirm !== planned.region) {
    throw new BifrostError(cliErrors.NOT_CONFIRMED, { detail: `"${confirm}"`, expected: planned.region })
  }
  process.exitCode = 0
  await runHere(client, { ...request, confirm }, flags)
}

async function typed(region: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new BifrostError(cliErrors.NOT_CONFIRMED, { detail: "there is no terminal to ask on", expected: region })
  }
  const line = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await line.question(`${pc.red("This cannot be undone.")} Type ${pc.bold(region)} to go on: `)).trim()
  } finally {
    line.close()
  }
}
