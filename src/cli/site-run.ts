import type { Command } from "commander"
import pc from "picocolors"
import type { RunRequest } from "../api/ports.ts"
import type { DeployResult } from "../deploy/run.ts"
import type { JsonObject, RunRecord } from "../store/records.ts"
import { systemClock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { type Client, path } from "./client.ts"
import { cliErrors, exitCodes } from "./errors.ts"
import { startRun } from "./provision.ts"
import { showPlan } from "./show/plan.ts"
import { watchHere } from "./watch.ts"

export interface SiteFlags {
  readonly only?: string[]
  readonly host?: string[]
  readonly detach?: boolean
  readonly json?: boolean
}

/** The part of the site that a command is limited to. */
export function partOptions(command: Command, by: readonly ("only" | "host")[] = ["only", "host"]): Command {
  if (by.includes("only")) command.option("--only <service...>", "only these services")
  if (by.includes("host")) command.option("--host <host...>", "only on these hosts")
  return command
}

export const partOf = ({ only, host }: SiteFlags) => ({ ...(only && { only }), ...(host && { hosts: host }) })

export function runOptions(command: Command): Command {
  return command
    .option("--detach", "start the run and print its id")
    .option("--json", "print the finished run as JSON (progress goes to standard error)")
}

/** Starts a run and watches it to its end, unless it is to be left to itself. */
export async function runHere(client: Client, request: RunRequest, { detach, json }: SiteFlags): Promise<void> {
  const run = await startRun(client, request)
  if (detach) return console.log(json ? JSON.stringify(run, null, 2) : run.id)
  await watchHere(client, run.id, systemClock, json ?? false)
}

/** Prints what a run would do, and sets the exit code when that could not be found out. */
export function printPlan(result: DeployResult, json: boolean): void {
  if (!json) for (const warning of result.warnings ?? []) console.error(`${pc.yellow("warning")} ${warning}`)
  console.log(json ? JSON.stringify(result, null, 2) : showPlan(result))
  if (result.failed.length > 0) process.exitCode = exitCodes.failed
}

/** What a run would do; nothing is changed. */
export async function plan(client: Client, request: RunRequest): Promise<DeployResult> {
  return (await resultOf(client, { ...request, dry_run: true })) as unknown as DeployResult
}

/** What a run came to, without a word meanwhile. Throws RUN_FAILED with its own words. */
export async function resultOf(client: Client, request: RunRequest): Promise<JsonObject> {
  const { status, result } = await finished(client, request)
  if (status === "succeeded" && result) return result
  const { error, remedy } = result ?? {}
  throw new BifrostError(cliErrors.RUN_FAILED, {
    ...(typeof error === "string" && { detail: error }),
    ...(typeof remedy === "string" && { remedy }),
  })
}

async function finished(client: Client, request: RunRequest): Promise<RunRecord> {
  const stop = new AbortController()
  // Opened before the run begins, so that its end is not missed.
  const events = await client.events("/v1/events", stop.signal)
  const { id } = await startRun(client, request)
  const now = () => client.get<RunRecord>(path`/v1/runs/${id}`)
  try {
    let run = await now()
    if (run.status !== "running") return run
    for await (const { run_id, kind } of events) {
      if (run_id !== id || kind !== "run.end") continue
      run = await now()
      return run
    }
    throw new BifrostError(cliErrors.SERVICE_LOST)
  } finally {
    stop.abort()
  }
}
