import type { Command } from "commander"
import type { RunRequest } from "../api/ports.ts"
import type { RunRecord } from "../store/records.ts"
import { systemClock } from "../util/clock.ts"
import { Client } from "./client.ts"
import { examples } from "./examples.ts"
import { watchHere } from "./watch.ts"

interface Flags {
  readonly thenDeploy?: boolean
  readonly image?: string
  readonly detach?: boolean
  readonly json?: boolean
}

const help = `
Each node goes from wherever it stands to active, side by side with the others; nodes that are active are left alone.
Ctrl-C leaves the run to itself. Exit code: 0 all active (and deployed), 1 something failed, 130 left.`

/** `bifrost-ts provision [NODE…]`. */
export function registerProvision(program: Command): void {
  program
    .command("provision")
    .argument("[nodes...]", "names or uuids; all that are enrolled when none is given")
    .description("install an operating system on nodes and watch it happen")
    .option("--then-deploy", "go on to the services in containers once all are active")
    .option("--image <name>", "the image to install, instead of the nodes' own")
    .option("--detach", "start the run and print its id")
    .option("--json", "print the finished run as JSON (progress goes to standard error)")
    .addHelpText("after", help)
    .addHelpText("after", examples("provision --then-deploy", "provision rack1-h0 rack1-h1 --image debian-13"))
    .action(async (nodes: string[], flags: Flags) => {
      const client = new Client()
      const run = await startRun(client, {
        kind: "provision",
        nodes,
        then_deploy: flags.thenDeploy ?? false,
        ...(flags.image !== undefined && { image: flags.image }),
      })
      if (flags.detach) return console.log(flags.json ? JSON.stringify(run, null, 2) : run.id)
      await watchHere(client, run.id, systemClock, flags.json ?? false)
    })
}

export const startRun = (client: Client, request: RunRequest): Promise<RunRecord> => client.post("/v1/runs", request)
