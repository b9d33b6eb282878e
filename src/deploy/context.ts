import { isIPv6 } from "node:net"
import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { deployErrors } from "./errors.ts"
import type { DeployHost } from "./host.ts"
import type { InventoryHost } from "./inventory.ts"
import { networkOf } from "./networks.ts"
import type { Placement } from "./placement.ts"
import type { CatalogEntry, DatabaseDefinition, EndpointInterface, HostFacts, ServiceContext } from "./service.ts"
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

/** Where an entry of the catalog is reached. */
export function endpointUrl(entry: CatalogEntry, from: EndpointInterface, { placement, site }: ContextOptions): string {
  const { container, port, path = "" } = entry
  const [host] = placement.carriers(container)
  if (!host) throw new BifrostError(deployErrors.DEFINITION_UNSOUND, { detail: `no host carries ${container}` })
  const internal = site.internal_vip_address ?? host.address
  const address = from === "public" ? (site.external_vip_address ?? internal) : internal
  const { tls } = site
  const secure = from === "public" && site.external_vip_address !== undefined ? tls.external : tls.internal
  return `${secure ? "https" : "http"}://${isIPv6(address) ? `[${address}]` : address}:${port}${path}`
}

/** What definitions may ask while they are rendered for one host. */
export async function contextOn(host: DeployHost, options: ContextOptions): Promise<ServiceContext> {
  return contextFrom(host.entry, await host.facts(), options)
}

export function contextFrom(host: InventoryHost, facts: HostFacts, options: ContextOptions): ServiceContext {
  const { placement, site, secrets } = options
  const carriers = (container: string) => placement.carriers(container)
  const entries = placement.services
    .flatMap(({ catalog = [] }) => catalog)
    .map((entry) => ({ ...entry, hosts: carriers(entry.container) }))
  const secret = (name: string) => secretOf(secrets, name).reveal()
  return {
    site,
    host,
    facts,
    carriers,
    network: (role) => networkOf(role, host, facts.interfaces, site),
    entries,
    endpoint(type, from = "internal") {
      const entry = entries.find((each) => each.type === type)
      if (entry) return endpointUrl(entry, from, options)
      throw new BifrostError(deployErrors.DEFINITION_UNSOUND, { detail: `no service of the type ${type}` })
    },
    secret,
    databaseUrl({ name, user = name, password }: DatabaseDefinition) {
      return `mysql+pymysql://${user}:${secret(password)}@${placement.databaseHost().address}:3306/${name}`
    },
  }
}
