import { deployErrors } from "../../deploy/errors.ts"
import type { Inventory } from "../../deploy/inventory.ts"
import type { ImagesLock } from "../../deploy/lock.ts"
import type { Overrides } from "../../deploy/overrides.ts"
import type { ServiceDefinition } from "../../deploy/service.ts"
import { readSiteFolder, type SiteFolder } from "../../deploy/site/files.ts"
import { findingLine, isError } from "../../deploy/site/finding.ts"
import { inspectSite } from "../../deploy/site/inspect.ts"
import { readOptionLists } from "../../deploy/site/option-lists.ts"
import type { SiteConfig } from "../../deploy/site.ts"
import { BifrostError } from "../../util/errors.ts"
import { inState, type Paths } from "../../util/paths.ts"

export interface SiteOfRun {
  readonly site: SiteConfig
  readonly overrides: Overrides
  /** The operator's own certificates, by their path below certificates/. */
  readonly certificates: SiteFolder["certificates"]
  /** `bifrost.yaml:3:5: …`, one each. */
  readonly warnings: readonly string[]
}

/** What the operator wrote, as it stands now: each deploy and plan reads it anew. Throws SITE_INVALID with every error. */
export async function siteOfRun(
  paths: Paths,
  services: readonly ServiceDefinition[],
  inventory: Inventory,
  /** Given when something is to be laid down: then options' names are checked, and a strict site stops at warnings. */
  lock?: ImagesLock,
): Promise<SiteOfRun> {
  const folder = await readSiteFolder(inState.site(paths))
  const options = lock && (await readOptionLists(inState.options(paths), lock))
  const { site, findings } = inspectSite({ folder, services, inventory, ...(options && { options }) })
  const stops = findings.filter((finding) => isError(finding) || (lock && site?.strict))
  if (!site || stops.length > 0) {
    throw new BifrostError(deployErrors.SITE_INVALID, { detail: stops.map(findingLine).join("\n  ") })
  }
  const { overrides, certificates } = folder
  return { site, overrides, certificates, warnings: findings.map(findingLine) }
}
