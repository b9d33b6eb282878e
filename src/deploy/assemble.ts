import { StepGraph } from "../graph/graph.ts"
import type { Step } from "../graph/step.ts"
import type { Clock } from "../util/clock.ts"
import type { Secret } from "../util/secret.ts"
import { accessStep } from "./access-step.ts"
import { catalogSteps, foundationId } from "./catalog-steps.ts"
import { clusterStep } from "./cluster-step.ts"
import { containerStep } from "./container-step.ts"
import { contextOn, endpointUrl, fetchFor, publicAuthority, secretOf } from "./context.ts"
import { type DatabaseServer, databaseServer } from "./database-server.ts"
import { databaseStep } from "./database-step.ts"
import { entranceNames } from "./entrance.ts"
import type { DeployHost } from "./host.ts"
import type { Inventory } from "./inventory.ts"
import { leftoversStep } from "./leftovers-step.ts"
import { type ImagesLock, imageReference } from "./lock.ts"
import { amend, noOverrides, type Overrides } from "./overrides.ts"
import { type PlacedUnit, Placement } from "./placement.ts"
import { prepareStep } from "./prepare-step.ts"
import { type PullProgress, pullStep } from "./pull-step.ts"
import { besides } from "./replace.ts"
import { noSchemaDumps, type SchemaDumps } from "./schema-dumps.ts"
import type { ServiceDefinition } from "./service.ts"
import { checkSettled } from "./settled.ts"
import type { SiteConfig } from "./site.ts"
import { taskStep } from "./task-step.ts"
import type { FrontCertificates } from "./tls/certificate.ts"
import { type Amend, digest, labels, renderUnit, startSeconds, type Unit } from "./unit.ts"

const clusterId = "site/cluster/mariadb"

export interface AssembleOptions {
  readonly services: readonly ServiceDefinition[]
  readonly inventory: Inventory
  readonly hosts: ReadonlyMap<string, DeployHost>
  readonly site: SiteConfig
  readonly overrides?: Overrides
  readonly secrets: ReadonlyMap<string, Secret>
  /** Of the virtual addresses under HTTPS. */
  readonly certificates?: FrontCertificates
  /** Values that hosts may still have from before a rotation: masked too. */
  readonly former: readonly Secret[]
  readonly registry: { readonly address: string; readonly ca?: string }
  readonly lock: ImagesLock
  /** What empty databases may be loaded with. */
  readonly schemaDumps?: SchemaDumps
  readonly clock: Clock
  /** Where openrc.sh and clouds.yaml go. */
  readonly accessFolder: string
  /** Nothing is changed, so that what earlier steps would make is not there. */
  readonly dryRun: boolean
  readonly onPull: (host: string, progress: PullProgress) => void
}

export interface Assembly {
  readonly graph: StepGraph
  /** Service → URL. */
  readonly endpoints: Readonly<Record<string, string>>
  readonly placement: Placement
}

/**
 * From definitions to steps. A step waits for what it truly needs and for nothing else: images are pulled from the start,
 * and services that do not need each other start side by side.
 */
export function assemble(options: AssembleOptions): Assembly {
  const { inventory, site, overrides = noOverrides, secrets, registry, lock, clock } = options
  const placement = new Placement(options.services, inventory, site)
  const certificates = options.certificates ?? {}
  const names = { placement, site, secrets, certificates }
  const keys = Object.values(certificates).map(({ pem }) => pem)
  const hostNamed = (name: string) => options.hosts.get(name)!
  let server: DatabaseServer | undefined
  const databaseServerOf = () => {
    const carriers = placement.carriers("mariadb").map(({ name }) => hostNamed(name))
    server ??= databaseServer(carriers, clock)
    return server
  }
  const databaseHost = () => hostNamed(placement.databaseHost().name)
  // A database made anew knows nothing of what was done to the old one.
  const life = async () => (await databaseHost().survey()).volumes.get("mariadb") ?? "none"

  const steps = new Map<string, Step>()
  const add = <Seen>(step: Step<Seen>) => {
    // Two units may share an image: one pull.
    if (!steps.has(step.id)) steps.set(step.id, step)
    return step.id
  }
  const common = (placed: PlacedUnit) => {
    const { id, unit } = placed
    const host = hostNamed(placed.host.name)
    const at = placed.host.name
    const reference = imageReference(lock, registry.address, unit.image, site)
    const onProgress = (progress: PullProgress) => options.onPull(at, progress)
    const pull = add(
      pullStep({ id: `${at}/pull/${unit.image}`, after: [`${at}/prepare`], host, reference, onProgress }),
    )
    const amended: Amend = (file, builtin) =>
      amend(overrides, { service: placed.service, container: unit.name, host: at, file }, builtin).content
    const render = async (): Promise<Unit> => renderUnit(unit, reference, await contextOn(host, names), amended)
    const earlier = placement.needed(unit.comesAfter ?? [], placed.host)
    const after = [pull, ...placement.needed(unit.needs ?? [], placed.host), ...earlier]
    return { id, after, earlier, host, clock, unit: render, secrets: [...secrets.values(), ...keys, ...options.former] }
  }

  for (const host of options.hosts.values()) {
    const check = () => checkSettled(host, placement.services, site)
    add(prepareStep({ host, inventory, names: entranceNames(site), registry, check }))
  }
  const stopped = new Map<string, string>()
  const members = placement.containers.filter(({ unit }) => unit.name === "mariadb")
  if (members.length > 1) {
    const after = members.flatMap((placed) => common(placed).after)
    const image = imageReference(lock, registry.address, members[0]!.unit.image, site)
    add(clusterStep({ id: clusterId, after, hosts: members.map(({ host }) => hostNamed(host.name)), image }))
  }
  for (const placed of placement.containers) {
    const shared = common(placed)
    const after = [...shared.after, ...(members.length > 1 && members.includes(placed) ? [clusterId] : [])]
    add(containerStep({ ...shared, after, startSeconds: startSeconds(placed.unit), stopped }))
  }
  for (const placed of placement.tasks) {
    const { unit } = placed
    const shared = common(placed)
    const fingerprint = async ({ labels: made }: Unit) => {
      const image = unit.perImage ? made[labels.image] : "any"
      return digest(JSON.stringify([await life(), image, ...unit.fingerprint(await contextOn(shared.host, names))]))
    }
    const used = async () => {
      const users = placement.usersOf(`task/${unit.name}`)
      const seen = await Promise.all(users.map(({ host }) => hostNamed(host.name).survey()))
      return users.some(({ unit: user }, index) => besides(user.name).some((name) => seen[index]!.containers.has(name)))
    }
    const schema = unit.migrates && {
      server: databaseServerOf(),
      databases: unit.migrates,
      dump: () => (options.schemaDumps ?? noSchemaDumps)(unit.image),
    }
    const migration = schema && { ...schema, life, used }
    const { rowsOf } = unit
    const idle =
      rowsOf &&
      (async () =>
        (await databaseServerOf().isEmpty(rowsOf)) ? `${rowsOf.database}.${rowsOf.table} is empty` : undefined)
    add(taskStep({ ...shared, fingerprint, ...(schema && { schema, migration }), ...(idle && { idle }) }))
  }
  for (const { id, database } of placement.databases) {
    const { name, user = name, password } = database
    const servers = placement.containers.filter(({ unit }) => unit.name === "mariadb")
    // What services find the database by is there as soon as the database.
    const way = servers.length > 1 && site.internal_vip_address !== undefined ? placement.wayToApis : []
    const after = [...servers.map((placed) => placed.id), ...way]
    add(databaseStep({ id, after, server: databaseServerOf(), name, user, password: secretOf(secrets, password) }))
  }
  for (const host of options.hosts.values()) {
    const at = host.entry.name
    const here = [...placement.containers, ...placement.tasks].filter((placed) => placed.host.name === at)
    // Last: what replaces a leftover is up before it goes.
    const after = [
      `${at}/prepare`,
      ...placement.containers.filter(({ host: { name } }) => name === at).map(({ id }) => id),
    ]
    add(leftoversStep({ id: `${at}/leftovers`, after, host, wanted: new Set(here.map(({ unit }) => unit.name)) }))
  }

  const endpoints: Record<string, string> = {}
  for (const { name, catalog = [], address } of placement.services) {
    const [entry] = catalog
    if (entry) endpoints[name] = endpointUrl(entry, "public", names)
    else if (address) endpoints[name] = address({ site, carriers: (container) => placement.carriers(container) })
  }
  if (endpoints["keystone"]) {
    const authority = publicAuthority(names)
    const answering = placement.needed(["container/keystone", "task/bootstrap_keystone_admin"])
    const after = [...answering, ...placement.wayToApis]
    for (const step of catalogSteps({ ...names, after, clock, dryRun: options.dryRun })) add(step)
    add(
      accessStep({
        // A load balancer needs a moment to see that Keystone answers; the catalog's first step waits for that.
        after: [foundationId],
        folder: options.accessFolder,
        url: endpoints["keystone"],
        region: site.region,
        password: secretOf(secrets, "keystone_admin_password"),
        ...(authority !== undefined && { authority }),
        fetch: fetchFor(names),
      }),
    )
  }
  return { graph: new StepGraph([...steps.values()]), endpoints, placement }
}
