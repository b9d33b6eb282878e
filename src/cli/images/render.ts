import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import { type Command, Option } from "commander"
import { packRootfs } from "../../build/containers/rootfs.ts"
import { selectImages } from "../../build/containers/select.ts"
import { examples } from "../examples.ts"
import { plural } from "../show/text.ts"
import { type ChoiceFlags, chosenImages, profileOption, settingsOptions } from "./settings.ts"

interface RenderFlags extends ChoiceFlags {
  readonly output: string
}

/** `bifrost-ts images render [NAME…]`. */
export function registerImagesRender(images: Command): void {
  const command = images
    .command("render")
    .description("write the Dockerfiles, with what they add, and build nothing")
    .argument("[names...]", "names or regular expressions; what they build on comes along")
    .addOption(new Option("--output <directory>", "where to").default("dockerfiles"))
    .addOption(profileOption())
  settingsOptions(command)
    .addHelpText("after", examples("images render keystone", "images render --install-type rpm --output rocky"))
    .action(render)
}

async function render(words: readonly string[], flags: RenderFlags) {
  const { all, names } = await chosenImages(words, flags)
  const recipes = selectImages(all, names).filter(({ dockerfile }) => dockerfile !== undefined)
  for (const { definition, dockerfile, files } of recipes) {
    const folder = join(flags.output, definition.name)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, "Dockerfile"), dockerfile ?? "")
    if (files.length > 0) await writeFile(join(folder, "rootfs.tar"), await buffer(packRootfs(files)))
  }
  console.log(`${flags.output}: ${plural(recipes.length, "Dockerfile")}`)
}
