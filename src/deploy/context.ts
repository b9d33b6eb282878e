import { BifrostError } from "../util/errors.ts"
import { hostPort } from "../util/host-port.ts"
import type { Secret } from "../util/secret.ts"
import { trustingFetch } from "../util/trusting-fetch.ts"
import { entranceNames, originOf, type Side } from "./entrance.ts"
import { deployErrors } from "./errors.ts"
import type { DeployHost } from "./host.ts"
import type { InventoryHost } from "./inventory.ts"
import { networkOf } from "./networks.ts"
import type { Placement } from "./placement.ts"
import type { CatalogEntry, DatabaseDefinition, EndpointInterface, HostFacts, ServiceContext } from "./service.ts"
import type { SiteConfig } from "./site.ts"
import { authoritiesOf, type FrontCertificates } from "./tls/certificate.ts"

export interface ContextOptions {
  readonly placement: Placement
  readonly site: SiteConfig
  readonly secrets: ReadonlyMap<string, Secret>
  /** Of the virtual addresses under HTTPS. */
  readonly certificates?: FrontCertificates
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
  return `${originOf(site, from, host.address)}:${port}${path}`
}

/** How the deployer reaches the APIs: it trusts whom clients are told to, and knows the site's names itself. */
export function fetchFor({ site, certificates = {} }: Pick<ContextOptions, "site" | "certificates">): typeof fetch {
  const [authorities, addresses] = [authoritiesOf(certificates), entranceNames(site)]
  return authorities === "" && addresses.size === 0 ? fetch : trustingFetch({ authorities, addresses })
}

/** PEM of whom users have to be told; undefined when a public authority vouches, or nobody has to. */
export function publicAuthority({ site, certificates = {} }: Pick<ContextOptions, "site" | "certificates">) {
  return certificates[site.external_vip_address === undefined ? "internal" : "external"]?.authority
}

/** What definitions may ask while they are rendered for one host. */
export async function contextOn(host: DeployHost, options: ContextOptions): Promise<ServiceContext> {
  return contextFrom(host.entry, await host.facts(), options)
}

export function contextFrom(host: InventoryHost, facts: HostFacts, options: ContextOptions): ServiceContext {
  const { placement, site, secrets, certificates = {} } = options
  const carriers = (container: string) => placement.carriers(container)
  const entries = placement.services.flatMap(({ catalog = [] }) => catalog)
  const isGiven = (name: string) => placement.services.some(({ secrets: own = {} }) => own[name] === "given")
  const secret = (name: string) => {
    if (!secrets.has(name) && isGiven(name)) throw new BifrostError(deployErrors.SECRET_NOT_GIVEN, { detail: name })
    return secretOf(secrets, name).reveal()
  }
  return {
    site,
    host,
    facts,
    carriers,
    network: (role) => networkOf(role, host, facts.interfaces, site),
    fronts: placement.fronts.map((front) => ({ ...front, hosts: carriers(front.container) })),
    endpoint(type, from = "internal") {
      const entry = entries.find((each) => each.type === type)
      if (entry) return endpointUrl(entry, from, options)
      throw new BifrostError(deployErrors.DEFINITION_UNSOUND, { detail: `no service of the type ${type}` })
    },
    secret,
    certificate: (side: Side) => certificates[side]?.pem.reveal(),
    authorities: authoritiesOf(certificates),
    databaseUrl({ name, user = name, password }: DatabaseDefinition) {
      const { address, port } = placement.databaseServer(host, site)
      return `mysql+pymysql://${user}:${secret(password)}@${hostPort(address, port)}/${name}`
    },
  }
}
