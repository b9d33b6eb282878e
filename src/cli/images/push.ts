import { availableParallelism } from "node:os"
import type { Command } from "commander"
import pc from "picocolors"
import { Cache } from "../../build/cache.ts"
import { defaultRetries } from "../../build/containers/build.ts"
import type { ImageRecipe } from "../../build/containers/catalog.ts"
import { type KeepSchemasOptions, keepSchemas } from "../../build/containers/keep-schemas.ts"
import { type KeepOptions, keepOptions } from "../../build/containers/option-names.ts"
import type { PushedImages } from "../../build/containers/push.ts"
import { pushSite } from "../../build/containers/push-site.ts"
import { type Recipes, runningOnly } from "../../build/containers/select.ts"
import { openEngine } from "../../build/provisioner/engine.ts"
import { withRegistryRelay } from "../../provisioner/registry-relay.ts"
import { messageOf } from "../../util/errors.ts"
import { inState, pathsFrom } from "../../util/paths.ts"
import { examples } from "../examples.ts"
import { interruption } from "../interruption.ts"
import { wholeNumberOrZero } from "../options.ts"
import { type ChoiceFlags, chosenImages, profileOption, settingsOptions } from "./settings.ts"

interface PushFlags extends ChoiceFlags {
  readonly to?: string
  readonly tag?: string
  readonly retries: number
  readonly lock: string
  readonly json?: boolean
}

/** `bifrost-ts images push [NAME…] [--to HOST:PORT]`. */
export function registerImagesPush(images: Command): void {
  const command = images
    .command("push")
    .description("push the services' container images and write images.lock, which deploys read")
    .argument("[names...]", "names or regular expressions; what the lock says of others stays (default: all images)")
    .option(
      "--to <registry>",
      "another registry, as the local Docker Engine reaches it (default: the provisioner's own)",
    )
    .option("--tag <tag>", "tag in the registry (default: the hash of each image's inputs)")
    .addOption(profileOption())
    .option("--retries <count>", "tries again when the network failed", wholeNumberOrZero, defaultRetries)
    .option("--lock <file>", "where images.lock goes", inState.imagesLock(pathsFrom(process.env)))
  settingsOptions(command)
    .option("--json", "print JSON")
    .addHelpText("after", examples("images push", "images push '^nova' --to registry.example.net:5000 --tag 2025.1"))
    .action(push)
}

/** What plans compare options' names with, so that a mistyped one is told before anything starts. */
async function keepOptionNames(recipes: readonly ImageRecipe[], pushed: PushedImages, keep: KeepOptions) {
  const waiting = [...recipes]
  // Importing a service is one CPU's work.
  const worker = async () => {
    for (let recipe = waiting.shift(); recipe; recipe = waiting.shift()) {
      const locked = pushed.images[recipe.definition.name]
      if (locked) await keepOptions(recipe, locked.digest, keep)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
}

/** What deploys load empty databases with. Without it they migrate, so that no push need fail for it. */
async function keepDumps(recipes: readonly ImageRecipe[], all: Recipes, options: KeepSchemasOptions) {
  try {
    await keepSchemas(recipes, all, options)
  } catch (error) {
    options.signal.throwIfAborted()
    console.error(`${pc.yellow("!")} not all databases can be loaded, deployments migrate them: ${messageOf(error)}`)
  }
}

async function push(words: readonly string[], flags: PushFlags) {
  const { all, names } = await chosenImages(words, flags)
  const recipes = runningOnly(all, names)
  const docker = await openEngine()
  const signal = interruption("what was pushed is skipped the next time")
  const pushTo = (registry: string) =>
    pushSite(recipes, {
      docker,
      registry,
      signal,
      lockFile: flags.lock,
      keep: words.length > 0 || flags.profile !== undefined,
      retries: flags.retries,
      ...(flags.tag !== undefined && { tag: flags.tag }),
      onPushed: (image, digest) => console.error(`${image.padEnd(24)} ${digest}`),
      onRetry: (image, error, seconds) =>
        console.error(`${pc.yellow("↻")} ${image.padEnd(24)} again in ${seconds} s: ${error}`),
    })
  const paths = pathsFrom(process.env)
  const pushed = await (flags.to ? pushTo(flags.to) : withRegistryRelay(paths, pushTo))
  const cache = new Cache(paths.cache)
  await keepOptionNames(recipes, pushed, { docker, cache, folder: inState.options(paths), signal })
  await keepDumps(recipes, all, {
    ...{ docker, cache, folder: inState.schemas(paths), signal },
    digestOf: (image) => pushed.images[image]?.digest,
    onMade: (image, seconds) => console.error(`${image.padEnd(24)} migrated once for all, ${seconds.toFixed(0)} s`),
  })
  console.log(flags.json ? JSON.stringify(pushed, null, 2) : `${flags.lock} written`)
}
