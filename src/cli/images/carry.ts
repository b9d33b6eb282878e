import { rm } from "node:fs/promises"
import { resolve } from "node:path"
import type { Command } from "commander"
import pc from "picocolors"
import { isPushed, pushSite } from "../../build/containers/push-site.ts"
import { openEngine } from "../../build/provisioner/engine.ts"
import { publishTree } from "../../build/publish.ts"
import { loadProvisioner, saveProvisioner } from "../../provisioner/bundle.ts"
import { withRegistry } from "../../provisioner/registry-writer.ts"
import { serviceUser } from "../../provisioner/spec.ts"
import { handOver } from "../../provisioner/state.ts"
import { inState, type Paths, pathsFrom } from "../../util/paths.ts"
import { examples } from "../examples.ts"
import { chosenImages, type SettingsFlags, settingsOptions, sitesOwn } from "./settings.ts"

interface SaveFlags extends SettingsFlags {
  readonly profile: string
}

const provisionerImage = "bifrost-ts/provisioner:latest"

/**
 * `bifrost-ts images save|load DIRECTORY`: for a provisioner that cannot or should not build. The directory is laid out like
 * the state directory that it goes into, so that nothing has to be converted there.
 */
export function registerImagesCarry(images: Command): void {
  const command = images
    .command("save")
    .argument("<directory>", "where to; what is there already is left alone")
    .description("gather what was built here, for a provisioner on another machine that need not build")
    .option("--profile <name>", "containers: another set of them than what this site's services run in", sitesOwn)
  settingsOptions(command)
    .addHelpText("after", examples("images save /media/stick/bifrost"))
    .action((directory: string, flags: SaveFlags) => save(pathsFrom(process.env), stateAt(directory), flags))

  images
    .command("load")
    .argument("<directory>", "what images save wrote")
    .description("take over what another machine built: boot files, OS images, the provisioner, the services' images")
    .addHelpText("after", examples("images load /media/stick/bifrost && bifrost-ts up --interface eno2"))
    .action((directory: string) => load(stateAt(directory), pathsFrom(process.env)))
}

const stateAt = (directory: string): Paths => ({ ...pathsFrom(process.env), state: resolve(directory) })

async function save(from: Paths, to: Paths, flags: SaveFlags): Promise<void> {
  const report = reporter()
  await carryFiles(from, to, report.carried)
  if (await saveProvisioner(to.state, provisionerImage)) report.carried("the provisioner")
  const lockFile = inState.imagesLock(to)
  const { all, names } = await chosenImages([], flags)
  const recipes = names.map((name) => all.get(name)!)
  if (!(await isPushed(recipes, lockFile))) {
    // Anew: a registry keeps what earlier images needed.
    await rm(inState.registry(to), { recursive: true, force: true })
    const onPushed = (image: string) => report.carried(`service image ${image}`)
    const docker = await openEngine()
    await withRegistry(to, provisionerImage, (registry) =>
      pushSite(recipes, { docker, registry, lockFile, keep: false, onPushed }),
    )
  }
  report.end(`Carry ${to.state} to the other machine; there: bifrost-ts images load DIRECTORY`)
}

async function load(from: Paths, to: Paths): Promise<void> {
  const report = reporter()
  if (await loadProvisioner(from.state, provisionerImage)) report.carried("the provisioner")
  await carryFiles(from, to, report.carried)
  const layers = await publishTree(inState.registry(from), inState.registry(to))
  if (layers.length > 0) report.carried("the services' images")
  await publishTree(inState.imagesLock(from), inState.imagesLock(to))
  await handOver(to, serviceUser)
  report.end("Next: bifrost-ts up --interface NAME")
}

async function carryFiles(from: Paths, to: Paths, carried: (what: string) => void): Promise<void> {
  for (const place of [inState.boot, inState.images]) {
    for (const path of await publishTree(place(from), place(to), (path) => !path.endsWith(".box"))) carried(path)
  }
}

function reporter() {
  let some = false
  return {
    carried(what: string) {
      some = true
      console.log(`${pc.green("+")} ${what}`)
    },
    end: (next: string) => console.log(some ? next : "Nothing had changed."),
  }
}
