import { request } from "node:http"
import type { Command } from "commander"
import pc from "picocolors"
import { attachContainer } from "../lab/lab.ts"
import type { ProvisionerOptions } from "../provisioner/spec.ts"
import { down, logs, status, type UpPort, up } from "../provisioner/up.ts"
import { inState, pathsFrom } from "../util/paths.ts"
import { examples } from "./examples.ts"
import { type ServiceFlags, withServiceOptions } from "./service-options.ts"

const paths = pathsFrom(process.env)

interface UpFlags extends ServiceFlags {
  readonly lab?: string
  readonly image: string
}

interface LabFlag {
  readonly lab?: string
}

/** `bifrost-ts up|down|logs|status`: the provisioner's own container. */
export function registerProvisioner(program: Command): void {
  withServiceOptions(program.command("up"))
    .description("start the provisioner in its container, or change nothing when it runs as it should")
    .option("--lab <name>", "attach it to this lab's network instead of using the host's")
    .option("--image <reference>", "its image", "bifrost-ts/provisioner:latest")
    .addHelpText(
      "after",
      examples("up --interface eno2", "up --interface eno2 --api-port 6385", "up --lab bifrost-lab"),
    )
    .action(async (flags: UpFlags) => {
      const change = await up({ ...flags, paths } satisfies ProvisionerOptions, portFor(flags.lab))
      console.log(`provisioner ${change === "unchanged" ? pc.dim(change) : pc.green(change)}`)
    })

  program
    .command("down")
    .description("stop the provisioner and remove its container; everything it knows stays")
    .option("--lab <name>", "the provisioner of this lab")
    .action(async ({ lab }: LabFlag) => {
      const removed = await down(lab)
      for (const name of removed) console.log(`${pc.red("-")} container ${name}`)
      if (removed.length === 0) console.log("The provisioner is not up: nothing to remove.")
    })

  program
    .command("logs")
    .description("what the provisioner logged")
    .option("--lab <name>", "the provisioner of this lab")
    .option("-f, --follow", "go on with what comes", false)
    .option("--tail <lines>", "how many lines of the past", Number, 200)
    .action(({ lab, follow, tail }: LabFlag & { follow: boolean; tail: number }) =>
      logs(lab, follow, tail, process.stdout),
    )

  program
    .command("status")
    .description("whether the provisioner runs and answers; exit code 3 when it does not")
    .option("--lab <name>", "the provisioner of this lab")
    .option("--json", "print as JSON")
    .action(async ({ lab, json }: LabFlag & { json?: boolean }) => {
      const seen = await status(lab)
      const answering = await answers()
      if (!answering) process.exitCode = 3
      if (json) return console.log(JSON.stringify({ container: seen ?? null, answers: answering }, null, 2))
      console.log(seen ? `${seen.name}  ${seen.state} since ${seen.startedAt}  ${seen.image}` : "no container")
      console.log(answering ? pc.green("answers") : pc.red("does not answer; see: bifrost-ts logs"))
    })
}

function portFor(lab: string | undefined): UpPort {
  return {
    attach: (pid) => (lab === undefined ? Promise.resolve() : attachContainer(lab, pid)),
    answers,
  }
}

/** Whether the API answers on its socket. */
function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    request({ socketPath: inState.apiSocket(paths), path: "/", timeout: 2_000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
      .on("error", () => resolve(false))
      .on("timeout", () => resolve(false))
      .end()
  })
}
