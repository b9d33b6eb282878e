import { type Command, Option } from "commander"
import pc from "picocolors"
import { megabytes } from "../../build/cache.ts"
import { defaultRetries, defaultThreads } from "../../build/containers/build.ts"
import { findBuildable, kinds } from "../../build/kinds.ts"
import { pathsFrom } from "../../util/paths.ts"
import { examples } from "../examples.ts"
import { interruption } from "../interruption.ts"
import { wholeNumber, wholeNumberOrZero } from "../options.ts"
import { buildContainers } from "./build-containers.ts"
import { type ChoiceFlags, profileOption, settingsOptions } from "./settings.ts"

export interface BuildFlags extends ChoiceFlags {
  readonly refresh?: boolean
  readonly skipParents?: boolean
  readonly threads: number
  readonly retries: number
  readonly json?: boolean
}

/** `bifrost-ts images build WHAT [NAME…]`. */
export function registerImagesBuild(images: Command): void {
  const what = kinds.map(({ kind, names, summary }) => `  ${kind} [${names.join(" | ")}]  ${summary}`)
  const command = images
    .command("build")
    .description("build operating systems, the ramdisk, the provisioner, and the containers of services")
    .argument("<what>", `${kinds.map((each) => each.kind).join(", ")}, containers, or names of containers' images`)
    .argument("[names...]", "which ones: names; for containers regular expressions too")
    .option("--refresh", "build again although nothing has changed, for newer packages")
    .addOption(profileOption())
    .option("--skip-parents", "containers: with --refresh, leave what the named ones build on as it is")
    .option("--threads <count>", "containers: how many are built at a time", wholeNumber, defaultThreads)
    .option("--retries <count>", "containers: tries again when the network failed", wholeNumberOrZero, defaultRetries)
    // What Kolla's users type: an image whose inputs have not changed is never built again without --refresh.
    .addOption(new Option("--skip-existing").hideHelp())
  settingsOptions(command)
    .option("--json", "print the result as JSON")
    .addHelpText("after", `\nWhat there is:\n${what.join("\n")}\n  containers [NAME…]  images of the cloud's services`)
    .addHelpText(
      "after",
      examples(
        "images build containers",
        "images build keystone glance",
        "images build containers '^nova-' --threads 4",
        "images build containers --profile core --json",
        "images build containers keystone --refresh --skip-parents",
        "images build os debian-13",
      ),
    )
    .action(build)
}

async function build(what: string, names: readonly string[], flags: BuildFlags) {
  const signal = interruption("nothing half-built is left")
  if (kinds.some(({ kind }) => kind === what)) return buildKind(what, names, flags, signal)
  const words = what === "containers" ? names : [what, ...names]
  await buildContainers(words, flags, signal)
}

async function buildKind(kind: string, names: readonly string[], flags: BuildFlags, signal: AbortSignal) {
  for (const name of names.length > 0 ? names : [undefined]) {
    const found = findBuildable(kind, name)
    const started = Date.now()
    const seconds = () => ((Date.now() - started) / 1000).toFixed(1)
    // Progress is for people: it stays out of what a program reads.
    const progress = (line: string) => console.error(`${pc.dim(`${seconds().padStart(6)} s`)}  ${line}`)
    const built = await found.buildable.build(found.name, {
      paths: pathsFrom(process.env),
      refresh: flags.refresh ?? false,
      progress,
      signal,
    })
    if (flags.json) {
      console.log(JSON.stringify({ ...built, seconds: Number(seconds()) }, null, 2))
      continue
    }
    const how = built.cached ? "nothing had changed" : `built in ${seconds()} s`
    console.log(`${built.kind} ${built.name}: ${how}, ${megabytes(built.size)}`)
    for (const output of built.outputs) console.log(`  ${output}`)
  }
}
