import type { Command } from "commander"
import pc from "picocolors"
import type { RunRequest } from "../api/ports.ts"
import type { DeployResult } from "../deploy/run.ts"
import type { RunRecord } from "../store/records.ts"
import { systemClock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { Client, path } from "./client.ts"
import { cliErrors } from "./errors.ts"
import { examples } from "./examples.ts"
import { startRun } from "./provision.ts"
import { showPlan } from "./show/plan.ts"
import { watchHere } from "./watch.ts"

interface Flags extends ScopeFlags {
  readonly detach?: boolean
  readonly json?: boolean
}

interface ScopeFlags {
  readonly only?: string[]
  readonly host?: string[]
  readonly until?: string
  readonly withDependencies?: boolean
}

/** The part of the deployment that a command is limited to. */
function scopeOptions(command: Command): Command {
  return command
    .option("--only <service...>", "only these services; what they rest on has to be as wanted already")
    .option("--host <host...>", "only on these hosts; what they rest on has to be as wanted already")
    .option("--until <step>", "a service or a step: this, what it comes after, and no more")
    .option("--with-dependencies", "with --only and --host: also bring about what they rest on")
}

const scopeOf = ({ only, host, until, withDependencies }: ScopeFlags) => ({
  ...(only && { only }),
  ...(host && { hosts: host }),
  ...(until !== undefined && { until }),
  ...(withDependencies && { with_dependencies: true }),
})

/** What `plan` ends with when something would change, as `terraform plan -detailed-exitcode` and diff-like tools do. */
const differs = 2

/** `bifrost-ts deploy`, `bifrost-ts plan`. */
export function registerDeploy(program: Command): void {
  scopeOptions(program.command("deploy"))
    .description("bring the cloud's services on all active nodes to what the definitions say")
    .option("--detach", "start the run and print its id")
    .option("--json", "print the finished run as JSON (progress goes to standard error)")
    .addHelpText("after", "\nOnly what differs is touched; running it again is always safe.")
    .addHelpText(
      "after",
      examples("deploy", "deploy --only nova neutron", "deploy --host compute3", "deploy --until keystone"),
    )
    .action(async (flags: Flags) => {
      const client = new Client()
      const run = await startRun(client, { kind: "deploy", ...scopeOf(flags) })
      if (flags.detach) return console.log(flags.json ? JSON.stringify(run, null, 2) : run.id)
      await watchHere(client, run.id, systemClock, flags.json ?? false)
    })

  scopeOptions(program.command("plan"))
    .description("show what deploy would do; nothing is changed")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExit code: 0 nothing to change, 2 there are changes, 1 the plan could not be made.")
    .addHelpText("after", examples("plan", "plan --only nova --with-dependencies", "plan --json | jq .planned"))
    .action(async ({ json, ...flags }: Flags) => {
      const result = await plan(new Client(), { kind: "deploy", dry_run: true, ...scopeOf(flags) })
      if (!json) for (const warning of result.warnings ?? []) console.error(`${pc.yellow("warning")} ${warning}`)
      console.log(json ? JSON.stringify(result, null, 2) : showPlan(result))
      if (result.planned.length > 0) process.exitCode = differs
    })
}

async function plan(client: Client, request: RunRequest): Promise<DeployResult> {
  const stop = new AbortController()
  // Opened before the run begins, so that its end is not missed.
  const events = await client.events("/v1/events", stop.signal)
  const { id } = await startRun(client, request)
  const now = () => client.get<RunRecord>(path`/v1/runs/${id}`)
  try {
    let run = await now()
    for await (const { run_id } of events) {
      if (run_id === id) run = await now()
      if (run.status !== "running") return outcome(run)
    }
    throw new BifrostError(cliErrors.SERVICE_LOST)
  } finally {
    stop.abort()
  }
}

function outcome(run: RunRecord): DeployResult {
  if (run.status === "succeeded" && run.result) return run.result as unknown as DeployResult
  const { error, remedy } = run.result ?? {}
  throw new BifrostError(cliErrors.RUN_FAILED, {
    ...(typeof error === "string" && { detail: error }),
    ...(typeof remedy === "string" && { remedy }),
  })
}
