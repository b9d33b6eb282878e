import type { Step } from "../graph/step.ts"
import { Catalog } from "../keystone/catalog.ts"
import type { ServiceDomain } from "../keystone/domain.ts"
import type { CatalogDefinition } from "../keystone/entry.ts"
import { catalogLeftoversStep, catalogStep, foundationStep } from "../keystone/steps.ts"
import type { ServiceUser } from "../keystone/user.ts"
import type { Clock } from "../util/clock.ts"
import { type ContextOptions, endpointUrl, fetchFor, secretOf } from "./context.ts"
import { catalogId } from "./placement.ts"
import type { CatalogEntry, ServiceDefinition } from "./service.ts"

export interface CatalogStepsOptions extends ContextOptions {
  /** What Keystone takes to answer at its URL. */
  readonly after: readonly string[]
  readonly clock: Clock
  readonly dryRun: boolean
}

export const foundationId = "site/identity"
const leftoversId = "site/catalog-leftovers"

/** What the site's services have in Keystone: a step for each, one that they all come after, one for what is left of others. None without Keystone. */
export function catalogSteps(options: CatalogStepsOptions): Step[] {
  const { placement, site, secrets, after, clock, dryRun } = options
  const entries = placement.services.flatMap(({ catalog = [] }) => catalog)
  const identity = entries.find(({ type }) => type === "identity")
  if (!identity) return []
  const catalog = new Catalog({
    url: endpointUrl(identity, "internal", options),
    password: secretOf(secrets, "keystone_admin_password"),
    markKey: secretOf(secrets, "keystone_mark_key"),
    region: site.region,
    clock,
    dryRun,
    fetch: fetchFor(options),
    domains: placement.services.flatMap(({ domain }) => domain?.name ?? []),
  })
  const userOf = ({ user }: ServiceDefinition): ServiceUser | undefined =>
    user && { ...user, password: secretOf(secrets, user.password) }
  const domainOf = ({ admin, ...domain }: NonNullable<ServiceDefinition["domain"]>): ServiceDomain => ({
    ...domain,
    admin: { name: admin.name, password: secretOf(secrets, admin.password) },
  })
  const users = placement.services.flatMap((service) => userOf(service) ?? [])
  const services = placement.services.filter(({ user, catalog: own }) => user || own)
  const all = entries.map((entry) => definitionOf(entry, options))
  return [
    foundationStep({
      ...{ id: foundationId, after, catalog, users },
      roles: placement.services.flatMap(({ roles = [] }) => roles),
    }),
    catalogLeftoversStep({ id: leftoversId, after: [foundationId], catalog, entries: all }),
    ...services.map((service) => {
      const user = userOf(service)
      const own = (service.catalog ?? []).map((entry) => definitionOf(entry, options))
      return catalogStep({
        id: catalogId(service.name),
        after: [foundationId],
        catalog,
        entries: own,
        ...(user && { user }),
        ...(service.domain && { domain: domainOf(service.domain) }),
      })
    }),
  ]
}

function definitionOf(entry: CatalogEntry, names: ContextOptions): CatalogDefinition {
  const { type, name, description } = entry
  const endpoints = {
    public: endpointUrl(entry, "public", names),
    internal: endpointUrl(entry, "internal", names),
  }
  return { type, name, description, endpoints }
}
