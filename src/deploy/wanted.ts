import type { ServiceDefinition, UnitDefinition } from "./service.ts"
import type { SiteConfig } from "./site.ts"

/** Those services that a site has, each with those of its units that the site has. */
export function wantedServices(services: readonly ServiceDefinition[], site: SiteConfig): ServiceDefinition[] {
  const units = <Unit extends UnitDefinition>(all: readonly Unit[]) =>
    all.filter(({ enabled }) => enabled?.(site) ?? true).map((unit) => withVolumes(unit, site))
  const asking = <Unit extends UnitDefinition>({ user, catalog }: ServiceDefinition, all: readonly Unit[]) =>
    user || catalog ? all.map((unit): Unit => ({ ...unit, asksApis: true })) : all
  return services
    .filter((service) => isWanted(service, site))
    .map((service) => ({
      ...service,
      containers: asking(service, units(service.containers)),
      tasks: units(service.tasks ?? []),
    }))
}

/** A unit whose volumes are all there: what removes them needs no site. */
function withVolumes<Unit extends UnitDefinition>({ siteVolumes, ...unit }: Unit, site: SiteConfig) {
  return siteVolumes ? { ...unit, volumes: [...(unit.volumes ?? []), ...siteVolumes(site)] } : unit
}

/** A core service is the site file's to switch on or off; others say themselves what they are for. */
function isWanted({ name, enabled }: ServiceDefinition, site: SiteConfig): boolean {
  const core: Readonly<Record<string, { readonly enabled: boolean }>> = site.services
  return enabled?.(site) ?? core[name]?.enabled ?? true
}

/** Names of the images that a site's services run in. */
export function imagesOf(services: readonly ServiceDefinition[], site: SiteConfig): string[] {
  const units = wantedServices(services, site).flatMap(({ containers, tasks = [] }) => [...containers, ...tasks])
  return [...new Set(units.map(({ image }) => image))]
}
