import { deployErrors } from "../../deploy/errors.ts"
import type { Inventory } from "../../deploy/inventory.ts"
import type { Overrides } from "../../deploy/overrides.ts"
import type { ServiceDefinition } from "../../deploy/service.ts"
import { readSiteFolder } from "../../deploy/site/files.ts"
import { findingLine, isError } from "../../deploy/site/finding.ts"
import { inspectSite } from "../../deploy/site/inspect.ts"
import type { SiteConfig } from "../../deploy/site.ts"
import { BifrostError } from "../../util/errors.ts"
import { inState, type Paths } from "../../util/paths.ts"

export interface SiteOfRun {
  readonly site: SiteConfig
  readonly overrides: Overrides
  /** `bifrost.yaml:3:5: …`, one each. */
  readonly warnings: readonly string[]
}

/** What the operator wrote, as it stands now: each deploy and plan reads it anew. Throws SITE_INVALID with every error. */
export async function siteOfRun(
  paths: Paths,
  services: readonly ServiceDefinition[],
  inventory: Inventory,
): Promise<SiteOfRun> {
  const folder = await readSiteFolder(inState.site(paths))
  const { site, findings } = inspectSite({ folder, services, inventory })
  const stops = findings.filter((finding) => isError(finding) || site?.strict)
  if (!site || stops.length > 0) {
    throw new BifrostError(deployErrors.SITE_INVALID, { detail: stops.map(findingLine).join("\n  ") })
  }
  return { site, overrides: folder.overrides, warnings: findings.map(findingLine) }
}
