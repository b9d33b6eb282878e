import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { deployErrors } from "./errors.ts"
import type { DeployHost } from "./host.ts"
import type { Placement } from "./placement.ts"
import type { CatalogEntry, DatabaseDefinition, ServiceContext } from "./service.ts"
import type { SiteConfig } from "./site.ts"

export interface ContextOptions {
  readonly placement: Placement
  readonly site: SiteConfig
  readonly secrets: ReadonlyMap<string, Secret>
}

/** Looks a secret up by the name that a definition gives. Throws DEFINITION_UNSOUND when none declares it. */
export function secretOf(secrets: ReadonlyMap<string, Secret>, name: string): Secret {
  const found = secrets.get(name)
  if (found) return found
  throw new BifrostError(deployErrors.DEFINITION_UNSOUND, { detail: `no service declares the secret ${name}` })
}

/** Where clients reach an entry of the catalog. */
export function endpointUrl({ container, port, path = "" }: CatalogEntry, { placement, site }: ContextOptions): string {
  const [host] = placement.carriers(container)
  if (!host) throw new BifrostError(deployErrors.DEFINITION_UNSOUND, { detail: `no host carries ${container}` })
  return `http://${site.internal_vip_address ?? host.address}:${port}${path}`
}

/** What definitions may ask while they are rendered for one host. */
export async function contextOn(host: DeployHost, options: ContextOptions): Promise<ServiceContext> {
  const { placement, site, secrets } = options
  const entries = placement.services.flatMap(({ catalog = [] }) => catalog)
  const secret = (name: string) => secretOf(secrets, name).reveal()
  return {
    site,
    host: host.entry,
    facts: await host.facts(),
    carriers: (container) => placement.carriers(container),
    endpoint(type) {
      const entry = entries.find((each) => each.type === type)
      if (entry) return endpointUrl(entry, options)
      throw new BifrostError(deployErrors.DEFINITION_UNSOUND, { detail: `no service of the type ${type}` })
    },
    secret,
    databaseUrl({ name, user = name, password }: DatabaseDefinition) {
      return `mysql+pymysql://${user}:${secret(password)}@${placement.databaseHost().address}:3306/${name}`
    },
  }
}
