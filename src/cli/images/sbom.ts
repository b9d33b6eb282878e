import { readFile } from "node:fs/promises"
import type { Command } from "commander"
import { writeSbom } from "../../build/containers/build-one.ts"
import { containerBuildErrors } from "../../build/containers/errors.ts"
import { builtImages } from "../../build/containers/local.ts"
import { type cycloneDx, sbomFile } from "../../build/containers/sbom.ts"
import { openEngine } from "../../build/provisioner/engine.ts"
import { BifrostError } from "../../util/errors.ts"
import { pathsFrom } from "../../util/paths.ts"
import { examples } from "../examples.ts"
import { table } from "../table.ts"
import { chosenImages, type SettingsFlags, settingsOptions } from "./settings.ts"

interface SbomFlags extends SettingsFlags {
  readonly json?: boolean
}

/** `bifrost-ts images sbom NAME`. */
export function registerImagesSbom(images: Command): void {
  const command = images
    .command("sbom")
    .description("the packages in an image: Debian's or Rocky's, and Python distributions")
    .argument("<name>", "an image that is built")
  settingsOptions(command)
    .option("--json", "print CycloneDX")
    .addHelpText("after", examples("images sbom keystone", "images sbom keystone --json > keystone.cdx.json"))
    .action(sbom)
}

async function sbom(name: string, flags: SbomFlags) {
  const { all, names } = await chosenImages([name], flags)
  const recipe = all.get(names[0]!)!
  const docker = await openEngine()
  const built = await builtImages(docker)
  if (!built.has(recipe.reference))
    throw new BifrostError(containerBuildErrors.IMAGE_NOT_BUILT, { detail: recipe.reference })
  const { cache } = pathsFrom(process.env)
  const read = () => readFile(sbomFile(cache, recipe), "utf8")
  const { signal } = new AbortController()
  const text = await read().catch(async () => {
    await writeSbom(recipe, { docker, cache, signal })
    return read()
  })
  if (flags.json) {
    process.stdout.write(text)
    return
  }
  const { components } = JSON.parse(text) as ReturnType<typeof cycloneDx>
  const rows = components.map(({ name, version, purl }) => [/^pkg:(\w+)/.exec(purl)?.[1] ?? "", name, version])
  console.log(table(["TYPE", "NAME", "VERSION"], rows))
}
