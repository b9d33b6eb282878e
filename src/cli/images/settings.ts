import { type Command, Option } from "commander"
import { services } from "../../../services/index.ts"
import { loadImages } from "../../build/containers/catalog.ts"
import { type Profiles, profiles } from "../../build/containers/profiles.ts"
import { findRelease, releases } from "../../build/containers/releases.ts"
import { chooseImages, type Recipes } from "../../build/containers/select.ts"
import { type BuildSettings, defaultSettings, type InstallType, installTypes } from "../../build/containers/settings.ts"
import { inProject } from "../../build/project.ts"
import { readSiteFolder } from "../../deploy/site/files.ts"
import { inspectSite } from "../../deploy/site/inspect.ts"
import { defaultSite } from "../../deploy/site.ts"
import { imagesOf } from "../../deploy/wanted.ts"
import { inState, pathsFrom } from "../../util/paths.ts"

export interface SettingsFlags {
  readonly release?: string
  readonly installType?: InstallType
  readonly namespace?: string
}

/** The profile of what the services of this site run in. */
export const sitesOwn = "site"

/** Options that decide which images the definitions give; each command that speaks of them takes the same. */
export function settingsOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--release <name>", "containers: release of OpenStack").choices(releases.map(({ name }) => name)),
    )
    .addOption(new Option("--install-type <type>", "containers: where OpenStack comes from").choices(installTypes))
    .option(
      "--namespace <name>",
      `containers: first part of repositories' names (default: ${defaultSettings.namespace})`,
    )
}

export function settingsFrom(flags: SettingsFlags): BuildSettings {
  return {
    release: flags.release === undefined ? defaultSettings.release : findRelease(flags.release),
    installType: flags.installType ?? defaultSettings.installType,
    namespace: flags.namespace ?? defaultSettings.namespace,
  }
}

/** All definitions under these settings, and the names of those that the words and the profile choose. */
export async function chosenImages(
  words: readonly string[],
  flags: SettingsFlags & { readonly profile?: string },
): Promise<{ all: Recipes; names: string[] }> {
  const all = await loadImages(inProject("images"), settingsFrom(flags))
  const choice = { words, ...(flags.profile !== undefined && { profile: flags.profile }) }
  return { all, names: chooseImages(all, choice, { ...profiles, [sitesOwn]: await siteProfile() }) }
}

/** Without a site file that makes sense, what a site has by default: `validate` is there to complain. */
async function siteProfile(): Promise<Profiles[string]> {
  const folder = await readSiteFolder(inState.site(pathsFrom(process.env)))
  const { site = defaultSite } = inspectSite({ folder, services })
  return imagesOf(services, site).map((image) => `^${image}$`)
}
