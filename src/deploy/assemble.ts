import { StepGraph } from "../graph/graph.ts"
import type { Step } from "../graph/step.ts"
import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { accessStep } from "./access-step.ts"
import { containerStep, leftoversStep } from "./container-step.ts"
import { databaseStep } from "./database-step.ts"
import { orAbsent } from "./engine.ts"
import { deployErrors } from "./errors.ts"
import type { DeployHost } from "./host.ts"
import { hostsOf, type Inventory } from "./inventory.ts"
import { type ImagesLock, pinnedReference } from "./lock.ts"
import { prepareStep } from "./prepare-step.ts"
import { type PullProgress, pullStep } from "./pull-step.ts"
import type { DatabaseDefinition, ServiceContext, ServiceDefinition, UnitDefinition } from "./service.ts"
import type { SiteConfig } from "./site.ts"
import { taskStep } from "./task-step.ts"
import { digest, labels, renderUnit, startSeconds, type Unit } from "./unit.ts"

export interface AssembleOptions {
  readonly services: readonly ServiceDefinition[]
  readonly inventory: Inventory
  readonly hosts: ReadonlyMap<string, DeployHost>
  readonly site: SiteConfig
  readonly secrets: ReadonlyMap<string, Secret>
  readonly registry: { readonly address: string; readonly ca?: string }
  readonly lock: ImagesLock
  readonly clock: Clock
  /** Where openrc.sh and clouds.yaml go. */
  readonly accessFolder: string
  readonly onPull: (host: string, progress: PullProgress) => void
}

export interface Assembly {
  readonly graph: StepGraph
  /** Service → URL. */
  readonly endpoints: Readonly<Record<string, string>>
}

/**
 * From definitions to steps. Each service goes to the first host of its group. A step waits for what it truly needs and
 * for nothing else: images are pulled from the start, and services that do not need each other start side by side.
 */
export function assemble(options: AssembleOptions): Assembly {
  const { services, inventory, site, secrets, registry, lock, clock } = options
  const first = (group: string) => hostsOf(inventory, group)[0]!
  const hostOf = (service: ServiceDefinition) => options.hosts.get(first(service.group).name)!
  const secret = (name: string): Secret => {
    const found = secrets.get(name)
    if (!found)
      throw new BifrostError(deployErrors.DEFINITION_UNSOUND, { detail: `no service declares the secret ${name}` })
    return found
  }
  const databaseHost = () => {
    const service = services.find(({ name }) => name === "mariadb")
    if (!service) throw new BifrostError(deployErrors.DEFINITION_UNSOUND, { detail: "a database without mariadb" })
    return hostOf(service)
  }
  const databaseUrl = ({ name, password }: DatabaseDefinition) =>
    `mysql+pymysql://${name}:${secret(password).reveal()}@${databaseHost().entry.address}:3306/${name}`
  const contextOn = async (host: DeployHost): Promise<ServiceContext> => ({
    site,
    host: host.entry,
    facts: await host.facts(),
    first,
    secret: (name) => secret(name).reveal(),
    databaseUrl,
  })

  // Where each thing that can be needed is: `container/mariadb` → `host1/container/mariadb`.
  const places = new Map<string, string>()
  for (const service of services) {
    const { name } = hostOf(service).entry
    const things = [
      ...service.containers.map((unit) => `container/${unit.name}`),
      ...(service.tasks ?? []).map((unit) => `task/${unit.name}`),
    ]
    for (const thing of things) places.set(thing, `${name}/${thing}`)
    const { database } = service
    if (database) places.set(`database/${database.name}`, `${databaseHost().entry.name}/database/${database.name}`)
  }
  const needed = (unit: UnitDefinition) =>
    (unit.needs ?? []).map((need) => {
      const place = places.get(need)
      if (!place)
        throw new BifrostError(deployErrors.DEFINITION_UNSOUND, {
          detail: `${unit.name} needs ${need}, which is nowhere`,
        })
      return place
    })

  const steps = new Map<string, Step>()
  const add = <Seen>(step: Step<Seen>) => {
    // Two units may share an image: one pull.
    if (!steps.has(step.id)) steps.set(step.id, step)
    return step.id
  }
  for (const host of options.hosts.values()) add(prepareStep({ host, inventory, registry }))
  for (const service of services) {
    const host = hostOf(service)
    const at = host.entry.name
    const common = (unit: UnitDefinition) => {
      const reference = pinnedReference(lock, registry.address, unit.image)
      const onProgress = (progress: PullProgress) => options.onPull(at, progress)
      const pull = add(
        pullStep({ id: `${at}/pull/${unit.image}`, after: [`${at}/prepare`], host, reference, onProgress }),
      )
      const render = async (): Promise<Unit> => renderUnit(unit, reference, await contextOn(host))
      return { after: [pull, ...needed(unit)], host, clock, unit: render, secrets: [...secrets.values()] }
    }
    for (const unit of service.containers) {
      add(containerStep({ id: `${at}/container/${unit.name}`, ...common(unit), startSeconds: startSeconds(unit) }))
    }
    for (const unit of service.tasks ?? []) {
      const fingerprint = async ({ labels: made }: Unit) => {
        const volume = await orAbsent(databaseHost().transport.engine.getVolume("mariadb").inspect())
        // A database made anew knows nothing of what was done to the old one.
        const life = volume && "CreatedAt" in volume ? String(volume.CreatedAt) : "none"
        const image = unit.perImage ? made[labels.image] : "any"
        return digest(JSON.stringify([life, image, ...unit.fingerprint(await contextOn(host))]))
      }
      add(taskStep({ id: `${at}/task/${unit.name}`, ...common(unit), fingerprint }))
    }
    const { database } = service
    if (database) {
      const db = databaseHost()
      const after = [places.get("container/mariadb")!]
      add(
        databaseStep({
          id: places.get(`database/${database.name}`)!,
          after,
          host: db,
          name: database.name,
          password: secret(database.password),
        }),
      )
    }
  }
  for (const host of options.hosts.values()) {
    const at = host.entry.name
    const wanted = new Set(
      [...steps.keys()]
        .filter((id) => /\/(container|task)\//.test(id) && id.startsWith(`${at}/`))
        .map((id) => id.split("/")[2]!),
    )
    // Last: what replaces a leftover is up before it goes.
    const after = [...steps.keys()].filter((id) => id.startsWith(`${at}/container/`) || id === `${at}/prepare`)
    add(leftoversStep({ id: `${at}/leftovers`, after, host, wanted }))
  }

  const endpoints: Record<string, string> = {}
  for (const service of services) {
    if (!service.endpoint) continue
    const { entry } = hostOf(service)
    endpoints[service.name] = service.endpoint({ site, host: entry })
  }
  if (endpoints["keystone"]) {
    add(
      accessStep({
        after: [places.get("container/keystone")!, places.get("task/bootstrap_keystone_admin")!],
        folder: options.accessFolder,
        url: endpoints["keystone"],
        region: site.region,
        password: secret("keystone_admin_password"),
      }),
    )
  }
  return { graph: new StepGraph([...steps.values()]), endpoints }
}
