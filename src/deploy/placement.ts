import { BifrostError } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"
import { hostsOf, type Inventory, type InventoryHost } from "./inventory.ts"
import type { DatabaseDefinition, Front, ServiceDefinition, TaskDefinition, UnitDefinition } from "./service.ts"
import type { SiteConfig } from "./site.ts"
import { wantedServices } from "./wanted.ts"

/** A unit on one host. */
export interface PlacedUnit<Unit = UnitDefinition> {
  /** `host1/container/keystone` */
  readonly id: string
  /** Its service's name. */
  readonly service: string
  readonly unit: Unit
  readonly host: InventoryHost
}

const here = "here/"

/** Which host carries what, and by which step everything that can be needed comes about. */
export class Placement {
  /** Those of the given services that the site has. */
  readonly services: readonly ServiceDefinition[]
  readonly containers: readonly PlacedUnit<ServiceDefinition["containers"][number]>[]
  readonly tasks: readonly PlacedUnit<TaskDefinition>[]
  readonly databases: readonly { readonly id: string; readonly database: DatabaseDefinition }[]
  /** Need → ids; a need that the site does not have leads to none. */
  readonly #ids: ReadonlyMap<string, readonly string[]>

  constructor(services: readonly ServiceDefinition[], inventory: Inventory, site: SiteConfig) {
    this.services = wantedServices(services, site)
    const place = <Unit extends UnitDefinition>(kind: string, service: ServiceDefinition, units: readonly Unit[]) =>
      units.flatMap((unit) => {
        const hosts = hostsOf(inventory, unit.group ?? service.group)
        return (unit.each ? hosts : hosts.slice(0, 1)).map(
          (host): PlacedUnit<Unit> => ({ id: `${host.name}/${kind}/${unit.name}`, service: service.name, unit, host }),
        )
      })
    this.containers = this.services.flatMap((service) => place("container", service, service.containers))
    this.tasks = this.services.flatMap((service) => place("task", service, service.tasks ?? []))
    this.databases = this.services.flatMap(({ databases = [] }) =>
      databases.map((database) => ({ id: `${this.databaseHost().name}/database/${database.name}`, database })),
    )

    const ids = new Map(services.flatMap((service) => namesOf(service).map((name) => [name, [] as string[]])))
    for (const { id } of [...this.containers, ...this.tasks, ...this.databases]) {
      ids.get(id.slice(id.indexOf("/") + 1))?.push(id)
    }
    for (const { name } of this.services) ids.get(`catalog/${name}`)?.push(catalogId(name))
    this.#ids = ids
  }

  /** Ids of the steps that a service consists of. */
  stepsOf(service: ServiceDefinition): string[] {
    return this.needed(namesOf(service))
  }

  /** The units that need something, as `task/NAME`; not those that only need what needs it. */
  usersOf(need: string): PlacedUnit[] {
    return [...this.containers, ...this.tasks].filter(({ unit }) => unit.needs?.includes(need))
  }

  carriers(container: string): readonly InventoryHost[] {
    return this.containers.filter(({ unit }) => unit.name === container).map(({ host }) => host)
  }

  /** What the load balancer answers for: one front for each API, whatever entries it has, and those that are no APIs. */
  get fronts(): readonly Front[] {
    const all = this.services.flatMap(({ catalog = [], fronts = [] }) => [
      ...catalog.map(({ container, port }): Front => ({ container, port })),
      ...fronts,
    ])
    return [...new Map(all.map((front) => [`${front.container} ${front.port}`, front])).values()]
  }

  /** Ids of the steps that the way to the APIs consists of; none where they are reached on their hosts. */
  get wayToApis(): string[] {
    return this.services.filter(({ leadsToApis }) => leadsToApis).flatMap((service) => this.stepsOf(service))
  }

  /**
   * Where programs on a host reach the database. Of several servers the load balancer on the same host knows which to ask:
   * a connection that began at a virtual address of its own host would hang when that address moves, as its peer would then
   * see packets from itself.
   */
  databaseServer(host: InventoryHost, site: SiteConfig): { readonly address: string; readonly port: number } {
    const front = this.fronts.find(({ container }) => container === "mariadb")
    const port = front?.port ?? 3306
    const own = this.carriers("haproxy").some(({ name }) => name === host.name)
    if (this.carriers("mariadb").length < 2 || site.internal_vip_address === undefined)
      return { address: this.databaseHost().address, port }
    return own
      ? { address: host.address, port: front?.localPort ?? port }
      : { address: site.internal_vip_address, port }
  }

  /** The first host with a MariaDB. */
  databaseHost(): InventoryHost {
    const [host] = this.carriers("mariadb")
    if (!host) throw new BifrostError(deployErrors.DEFINITION_UNSOUND, { detail: "a database without mariadb" })
    return host
  }

  /** Ids of the steps behind needs, as a unit on this host has them. Throws DEFINITION_UNSOUND for one that no definition meets. */
  needed(needs: readonly string[], host?: InventoryHost): string[] {
    return needs.flatMap((need) => {
      const ids = this.#ids.get(need.replace(here, ""))
      if (!ids) throw new BifrostError(deployErrors.DEFINITION_UNSOUND, { detail: `nothing is there that is ${need}` })
      return need.startsWith(here) ? ids.filter((id) => id.startsWith(`${host?.name}/`)) : ids
    })
  }
}

export const catalogId = (service: string) => `site/catalog/${service}`

/** All that others can need of a service. */
function namesOf(service: ServiceDefinition): string[] {
  return [
    ...service.containers.map(({ name }) => `container/${name}`),
    ...(service.tasks ?? []).map(({ name }) => `task/${name}`),
    ...(service.databases ?? []).map(({ name }) => `database/${name}`),
    ...(service.user || service.catalog ? [`catalog/${service.name}`] : []),
  ]
}
