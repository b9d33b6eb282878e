import { systemClock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import type { Inventory } from "../inventory.ts"
import type { ServiceDefinition } from "../service.ts"
import { resolveSite, type SiteConfig } from "../site.ts"
import { checkCertificates } from "./certificates.ts"
import { checkSite } from "./check.ts"
import { overridesFolder, type SiteFolder, siteFile } from "./files.ts"
import { type Finding, isError } from "./finding.ts"
import type { OptionLists } from "./option-lists.ts"
import { checkOverrides, type OverrideContext } from "./overrides.ts"
import { readSite } from "./read.ts"

export interface SiteInspection {
  /** Absent when bifrost.yaml has errors that leave no sense in it. */
  readonly site?: SiteConfig
  readonly findings: readonly Finding[]
}

export interface InspectOptions {
  readonly folder: SiteFolder
  readonly services: readonly ServiceDefinition[]
  /** Without it names of hosts and groups are not checked. */
  readonly inventory?: Inventory
  /** Which options images' services know; without it names of options are not checked. */
  readonly options?: OptionLists
  /** What messages call the site file. */
  readonly name?: string
  /** Milliseconds since the epoch: certificates are judged by it. */
  readonly now?: number
}

/** All that can be said of what the operator wrote without touching a host. */
export function inspectSite({ folder, services, inventory, options, ...rest }: InspectOptions): SiteInspection {
  const { name = siteFile, now = systemClock.now() } = rest
  const { site, findings, placeOf } =
    folder.site === undefined
      ? { site: resolveSite(), findings: [], placeOf: () => ({ line: 1, column: 1 }) }
      : readSite(folder.site, name)
  if (!site) return { findings }
  const groups = services.flatMap(({ group, containers }) =>
    [group, ...containers.map((each) => each.group ?? [])].flat(),
  )
  const checked = checkSite(site, placeOf, { groups, ...(inventory && { hosts: inventory.hosts }) }, name)
  // A site that contradicts itself may not be one that services can be placed in.
  const overrides = checked.some(isError)
    ? []
    : overrideFindings(folder, { services, site, groups, ...(inventory && { inventory }), ...(options && { options }) })
  const certificates = checkCertificates(folder.certificates, site, now)
  return { site, findings: [...checked, ...certificates, ...overrides] }
}

function overrideFindings(folder: SiteFolder, context: OverrideContext): Finding[] {
  try {
    return checkOverrides(folder.overrides, context)
  } catch (error) {
    // A group without hosts: the deploy says the same, and what was found stays told.
    if (!(error instanceof BifrostError)) throw error
    const what = `override files were not checked: ${error.message}`
    return [{ line: 1, column: 1, what, expected: "", file: overridesFolder, severity: "warning" }]
  }
}
