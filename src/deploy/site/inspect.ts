import type { ServiceDefinition } from "../service.ts"
import { resolveSite, type SiteConfig } from "../site.ts"
import { type CheckContext, checkSite } from "./check.ts"
import { type SiteFolder, siteFile } from "./files.ts"
import type { Finding } from "./finding.ts"
import { readSite } from "./read.ts"

export interface SiteInspection {
  /** Absent when bifrost.yaml has errors that leave no sense in it. */
  readonly site?: SiteConfig
  readonly findings: readonly Finding[]
}

export interface InspectOptions {
  readonly folder: SiteFolder
  readonly services: readonly ServiceDefinition[]
  /** The inventory's hosts; without them names of hosts and groups are not checked. */
  readonly hosts?: CheckContext["hosts"]
  /** What messages call the site file. */
  readonly name?: string
}

/** All that can be said of what the operator wrote without touching a host. */
export function inspectSite({ folder, services, hosts, name = siteFile }: InspectOptions): SiteInspection {
  if (folder.site === undefined) return { site: resolveSite(), findings: [] }
  const { site, findings, placeOf } = readSite(folder.site, name)
  if (!site) return { findings }
  const groups = services.flatMap(({ group, containers }) => [group, ...containers.flatMap((each) => each.group ?? [])])
  return { site, findings: checkSite(site, placeOf, { groups, ...(hosts && { hosts }) }, name) }
}
