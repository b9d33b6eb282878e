import { BifrostError } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"
import type { DeployHost } from "./host.ts"
import type { ServiceDefinition } from "./service.ts"
import type { SiteConfig } from "./site.ts"
import { isOurs } from "./survey.ts"

/**
 * Throws DECISION_SETTLED when a host still carries what shows another decision than the site file now has: what people made
 * under that one would be cut off by going on.
 */
export async function checkSettled(host: DeployHost, services: readonly ServiceDefinition[], site: SiteConfig) {
  const settled = services.flatMap(({ settled: decision }) => (decision ? [decision] : []))
  if (settled.length === 0) return
  const { containers } = await host.survey()
  for (const { option, chosen, shownBy } of settled) {
    const now = chosen(site)
    for (const [value, container] of Object.entries(shownBy)) {
      if (value === now || !isOurs(containers.get(container))) continue
      throw new BifrostError(deployErrors.DECISION_SETTLED, {
        node: host.entry.name,
        detail: `it carries ${container}, which is there with ${option}: ${value}`,
        expected: `${option}: ${now}, as bifrost.yaml says`,
      })
    }
  }
}
