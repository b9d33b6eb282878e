import { type Command, Option } from "commander"
import { dotOf, svgOf, treeOf } from "../../build/containers/draw.ts"
import { builtImages } from "../../build/containers/local.ts"
import { selectImages } from "../../build/containers/select.ts"
import { openEngine } from "../../build/provisioner/engine.ts"
import { examples } from "../examples.ts"
import { type ChoiceFlags, chosenImages, profileOption, settingsOptions } from "./settings.ts"

const drawings = { tree: treeOf, dot: dotOf, svg: svgOf } as const

interface GraphFlags extends ChoiceFlags {
  readonly format: keyof typeof drawings
}

/** `bifrost-ts images graph [NAME…]`. */
export function registerImagesGraph(images: Command): void {
  const formats = Object.keys(drawings)
  const command = images
    .command("graph")
    .description("what builds on what")
    .argument("[names...]", "names or regular expressions; what they build on comes along")
    .addOption(new Option("--format <format>", "how it is drawn").choices(formats).default("tree"))
    .addOption(profileOption())
  settingsOptions(command)
    .addHelpText("after", examples("images graph", "images graph '^nova' --format svg > nova.svg"))
    .action(async (words: string[], flags: GraphFlags) => {
      const { all, names } = await chosenImages(words, flags)
      const built = await builtImages(await openEngine()).catch(() => new Map())
      const nodes = selectImages(all, names).map(({ definition: { name, from }, reference }) => ({
        name,
        from,
        built: built.has(reference),
      }))
      process.stdout.write(drawings[flags.format](nodes))
    })
}
