import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { stringify } from "yaml"
import { siteFile } from "../../src/deploy/site/files.ts"
import { type CoreService, defaultSite, type SiteFile } from "../../src/deploy/site.ts"
import { inState, type Paths } from "../../src/util/paths.ts"

/** Keystone and what it stands on: the shortest way from bare metal to something that answers. */
export const identityOnly: SiteFile = {
  services: Object.fromEntries(
    (Object.keys(defaultSite.services) as CoreService[])
      .filter((name) => name !== "keystone")
      .map((name) => [name, { enabled: false }]),
  ),
}

/** Writes the site file that a journey deploys; one that is there is somebody's and stays. Returns its path. */
export function writeSite(paths: Paths, site: SiteFile): string {
  const folder = inState.site(paths)
  const file = join(folder, siteFile)
  if (existsSync(file)) return file
  // The service reads it by its group; `up` hands it over.
  mkdirSync(folder, { recursive: true, mode: 0o750 })
  writeFileSync(file, stringify(site), { mode: 0o640 })
  return file
}
