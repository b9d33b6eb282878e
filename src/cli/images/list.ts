import type { Command } from "commander"
import pc from "picocolors"
import { Cache, megabytes } from "../../build/cache.ts"
import { builtImages } from "../../build/containers/local.ts"
import { openEngine } from "../../build/provisioner/engine.ts"
import { pathsFrom } from "../../util/paths.ts"
import { examples } from "../examples.ts"
import { bytes } from "../show/text.ts"
import { table } from "../table.ts"
import { type ChoiceFlags, chosenImages, profileOption, settingsOptions } from "./settings.ts"

interface ListFlags extends ChoiceFlags {
  readonly containers?: boolean
  readonly json?: boolean
}

/** `bifrost-ts images list [NAME…] [--containers]`. */
export function registerImagesList(images: Command): void {
  const command = images
    .command("list")
    .description("what the cache holds; with --containers, the images that are defined and whether they are built")
    .argument("[names...]", "containers: names or regular expressions")
    .option("--containers", "the images of services (also when names are given)")
    .addOption(profileOption())
  settingsOptions(command)
    .option("--json", "print JSON")
    .addHelpText("after", examples("images list", "images list --containers", "images list '^nova' --json"))
    .action((names: string[], flags: ListFlags) =>
      flags.containers || flags.profile !== undefined || names.length > 0
        ? listContainers(names, flags)
        : listCache(flags),
    )
}

async function listContainers(words: readonly string[], flags: ListFlags) {
  const { all, names } = await chosenImages(words, flags)
  const built = await builtImages(await openEngine())
  const images = names.map((name) => {
    const { definition, reference, hash } = all.get(name)!
    const found = built.get(reference)
    const { from, summary } = definition
    return { name, summary, from: from ?? null, reference, input: hash, built: found !== undefined, ...found }
  })
  if (flags.json) return console.log(JSON.stringify(images, null, 2))
  const rows = images.map(({ name, from, built, size, reference, summary }) => [
    built ? "✔" : "·",
    name,
    from ?? "",
    size === undefined ? "" : bytes(size),
    reference.split(":").at(-1)!,
    summary,
  ])
  console.log(table(["", "NAME", "FROM", "SIZE", "INPUTS", "WHAT"], rows))
  const missing = images.filter((image) => !image.built).length
  console.error(pc.dim(`${images.length - missing} of ${images.length} built`))
}

async function listCache(flags: ListFlags) {
  const artifacts = await new Cache(pathsFrom(process.env).cache).list()
  if (flags.json) return console.log(JSON.stringify(artifacts, null, 2))
  if (artifacts.length === 0) return console.log("The cache is empty.")
  const rows = artifacts.map((each) => [
    each.kind,
    each.name,
    each.hash.slice(0, 16),
    megabytes(each.bytes),
    `${each.seconds} s`,
    each.built_at.slice(0, 16).replace("T", " "),
  ])
  console.log(table(["KIND", "NAME", "INPUTS", "SIZE", "TOOK", "BUILT (UTC)"], rows))
}
