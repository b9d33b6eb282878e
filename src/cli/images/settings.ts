import { join } from "node:path"
import { type Command, Option } from "commander"
import pc from "picocolors"
import { services } from "../../../services/index.ts"
import { loadImages } from "../../build/containers/catalog.ts"
import { containerBuildErrors } from "../../build/containers/errors.ts"
import { faultLine, type OperatorSettings, readOperatorFile } from "../../build/containers/operator-file.ts"
import { type Profiles, profiles } from "../../build/containers/profiles.ts"
import { findRelease, releases } from "../../build/containers/releases.ts"
import { chooseImages, type Recipes } from "../../build/containers/select.ts"
import { type BuildSettings, defaultSettings, type InstallType, installTypes } from "../../build/containers/settings.ts"
import { unusedOverrides } from "../../build/containers/unused.ts"
import { inProject } from "../../build/project.ts"
import { readSiteFolder } from "../../deploy/site/files.ts"
import { inspectSite } from "../../deploy/site/inspect.ts"
import { defaultSite } from "../../deploy/site.ts"
import { imagesOf } from "../../deploy/wanted.ts"
import { BifrostError } from "../../util/errors.ts"
import { fault } from "../../util/fault.ts"
import { inState, pathsFrom } from "../../util/paths.ts"

export interface SettingsFlags {
  readonly release?: string
  readonly installType?: InstallType
  readonly namespace?: string
  readonly overrides?: string
}

export interface ChoiceFlags extends SettingsFlags {
  readonly profile?: string
}

/** The profile of what the services of this site run in. */
export const sitesOwn = "site"

const operatorFile = () => join(inState.site(pathsFrom(process.env)), "images.yaml")

/** Options that decide which images the definitions give; each command that speaks of them takes the same. */
export function settingsOptions(command: Command): Command {
  const names = releases.map(({ name }) => name)
  return command
    .addOption(new Option("--release <name>", "containers: release of OpenStack").choices(names))
    .addOption(new Option("--install-type <type>", "containers: where OpenStack comes from").choices(installTypes))
    .option(
      "--namespace <name>",
      `containers: first part of repositories' names (default: ${defaultSettings.namespace})`,
    )
    .option(
      "--overrides <file>",
      "containers: what you change in them (default: STATE/site/images.yaml, if it is there)",
    )
}

export const profileOption = () =>
  new Option("--profile <name>", "containers: a set of them").choices([...Object.keys(profiles), sitesOwn])

export interface ChosenImages {
  readonly settings: BuildSettings
  readonly all: Recipes
  /** Without what they build on. */
  readonly names: readonly string[]
}

/** All definitions under these settings, and the names of those that the words and the profile choose. Warns of overrides without use. */
export async function chosenImages(words: readonly string[], flags: ChoiceFlags): Promise<ChosenImages> {
  const file = flags.overrides ?? operatorFile()
  const operator = await readOperatorFile(file)
  if (!operator && flags.overrides !== undefined)
    throw new BifrostError(containerBuildErrors.OVERRIDES_UNREADABLE, { detail: `${file} does not exist` })
  const settings = { ...defaultSettings, ...operator?.settings, ...fromFlags(flags) }
  const all = await loadImages(inProject("images"), settings)
  if (operator) tellUnused(file, operator, settings, all)
  const choice = { words, ...(flags.profile !== undefined && { profile: flags.profile }) }
  return { settings, all, names: chooseImages(all, choice, { ...profiles, [sitesOwn]: await siteProfile() }) }
}

function fromFlags({ release, installType, namespace }: SettingsFlags): Partial<BuildSettings> {
  return {
    ...(release !== undefined && { release: findRelease(release) }),
    ...(installType !== undefined && { installType }),
    ...(namespace !== undefined && { namespace }),
  }
}

function tellUnused(file: string, { placeOf }: OperatorSettings, settings: BuildSettings, all: Recipes): void {
  const unused = unusedOverrides(settings, all)
  const line = ({ path, what }: (typeof unused)[number]) => faultLine(file, fault(placeOf(path), what, ""))
  const errors = unused.filter(({ severity }) => severity === "error")
  if (errors.length > 0) {
    const detail = errors.map((each) => `\n${line(each)}`).join("")
    throw new BifrostError(containerBuildErrors.OVERRIDES_INVALID, { detail })
  }
  for (const each of unused) console.error(`${pc.yellow("warning")} ${line(each)}`)
}

/** Without a site file that makes sense, what a site has by default: `validate` is there to complain. */
async function siteProfile(): Promise<Profiles[string]> {
  const folder = await readSiteFolder(inState.site(pathsFrom(process.env)))
  const { site = defaultSite } = inspectSite({ folder, services })
  return imagesOf(services, site).map((image) => `^${image}$`)
}
