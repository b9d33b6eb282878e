import type { Command } from "commander"
import { Cache, megabytes } from "../../build/cache.ts"
import { pruneContainers } from "../../build/containers/prune.ts"
import { openEngine } from "../../build/provisioner/engine.ts"
import { pathsFrom } from "../../util/paths.ts"
import { examples } from "../examples.ts"
import { plural } from "../show/text.ts"
import { chosenImages, type SettingsFlags, settingsOptions } from "./settings.ts"

interface PruneFlags extends SettingsFlags {
  readonly containers?: boolean
  readonly all?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `bifrost-ts images prune [--containers]`. */
export function registerImagesPrune(images: Command): void {
  const command = images
    .command("prune")
    .description(
      "remove all but the newest build of each thing from the cache; with --containers, older images of services",
    )
    .option("--containers", "images in the engine that were built here from other inputs than today's definitions")
    .option("--dry-run", "containers: only say what would go")
    .option("--all", "the newest ones too: everything is built anew next time")
  settingsOptions(command)
    .option("--json", "print JSON")
    .addHelpText("after", examples("images prune", "images prune --containers --dry-run"))
    .action((flags: PruneFlags) => (flags.containers ? pruneOld(flags) : pruneCache(flags)))
}

async function pruneOld(flags: PruneFlags) {
  const { all } = await chosenImages([], flags)
  const keep = new Set(flags.all ? [] : [...all.values()].map(({ hash }) => hash))
  const { removed, inUse } = await pruneContainers(await openEngine(), keep, { dryRun: flags.dryRun ?? false })
  if (flags.json) return console.log(JSON.stringify({ removed, in_use: inUse }, null, 2))
  const verb = flags.dryRun ? "would remove" : "removed"
  for (const name of removed) console.log(`${verb} ${name}`)
  for (const name of inUse) console.log(`left ${name}: a container or another image uses it`)
  console.log(`${plural(removed.length, "image")} ${flags.dryRun ? "to remove" : "removed"}`)
}

async function pruneCache(flags: PruneFlags) {
  const removed = await new Cache(pathsFrom(process.env).cache).prune({ all: flags.all ?? false })
  if (flags.json) return console.log(JSON.stringify(removed, null, 2))
  const freed = removed.reduce((sum, each) => sum + each.bytes, 0)
  for (const each of removed) console.log(`removed ${each.kind} ${each.name} ${each.hash.slice(0, 16)}`)
  console.log(`${removed.length} removed, ${megabytes(freed)} freed`)
}
