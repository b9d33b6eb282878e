import type { DeployHost } from "../host.ts"
import type { Inventory } from "../inventory.ts"
import type { KernelFeature } from "../kernel.ts"
import { networkOf, networkRoles } from "../networks.ts"
import type { Placement } from "../placement.ts"
import type { SiteConfig } from "../site.ts"
import { isOurs } from "../survey.ts"
import type { CheckFinding } from "./finding.ts"
import { attempt, type HostNeeds, hostFindings } from "./host.ts"
import { providerChecks } from "./provider.ts"
import { survey } from "./survey.ts"
import { vipChecks } from "./vips.ts"

export interface PrecheckOptions {
  readonly placement: Placement
  readonly inventory: Inventory
  readonly hosts: ReadonlyMap<string, DeployHost>
  readonly site: SiteConfig
  readonly registry: { readonly address: string }
  readonly now: () => number
  readonly signal: AbortSignal
}

/** Engine 25: its API asks a starting container's health more often than a running one's. */
const leastApi = 1.44

/** Whether the hosts can carry what the site puts on them. Reads only; every host and every check is told of. */
export async function prechecks(options: PrecheckOptions): Promise<CheckFinding[]> {
  const perHost = [...options.hosts.values()].map((host) => hostChecks(host, options))
  return [
    ...inventoryChecks(options.inventory),
    ...memberChecks(options.placement),
    ...(await Promise.all(perHost)).flat(),
    ...(await vipChecks(options)),
  ]
}

async function hostChecks(host: DeployHost, options: PrecheckOptions): Promise<CheckFinding[]> {
  const { transport, entry } = host
  const at = entry.name
  const reached = await attempt(at, "ssh", "Is it powered on? bifrost-ts node show tells its address.", async () => {
    await transport.exec(["true"], { signal: options.signal })
    return `${entry.user}@${entry.address}`
  })
  if (reached.status === "failed") return [reached]
  const engine = await attempt(at, "engine", "Run: bifrost-ts bootstrap-servers, which installs it.", async () => {
    const { Version, ApiVersion } = await transport.engine.version()
    if (Number(ApiVersion) >= leastApi) return `Docker Engine ${Version}`
    throw new Error(`Docker Engine ${Version} is too old; 25 or later is needed`)
  })
  const { interfaces } = engine.status === "ok" ? await host.facts() : { interfaces: undefined }
  const roles = (interfaces ? networkRoles : []).map((role) =>
    attempt(at, `network ${role}`, "Name the interface or the network in bifrost.yaml, under networks.", async () => {
      const { interface: name, address } = networkOf(role, entry, interfaces!, options.site)
      return `${name} ${address}`
    }),
  )
  const [name = "", port = "443"] = options.registry.address.split(/:(?=\d+$)/)
  // An IPv6 address is in brackets there, which are a URL's and not its own.
  const registry = { host: name.replace(/^\[(.*)\]$/, "$1"), port: Number(port) }
  const needs = await needsOf(host, engine.status === "ok", options)
  const seen = await survey(transport, {
    registry,
    modules: [...needs.kernel.keys()],
    now: options.now,
    signal: options.signal,
  })
  const switches = options.placement.carriers("openvswitch_vswitchd").some((carrier) => carrier.name === at)
  const provider = switches && interfaces ? providerChecks(entry, interfaces, options.site) : []
  return [reached, engine, ...hostFindings(seen, needs), ...(await Promise.all(roles)), ...provider]
}

async function needsOf(
  host: DeployHost,
  hasEngine: boolean,
  { placement, site, registry }: PrecheckOptions,
): Promise<HostNeeds> {
  const containers = hasEngine ? (await host.survey()).containers : new Map()
  const here = placement.containers.filter((placed) => placed.host.name === host.entry.name)
  const entries = placement.services.flatMap(({ catalog = [] }) => catalog)
  const kernel = new Map<KernelFeature, string[]>()
  const ports = new Map<number, string>()
  for (const { unit } of here) {
    for (const feature of unit.kernel?.(site) ?? []) kernel.set(feature, [...(kernel.get(feature) ?? []), unit.name])
    const running = containers.get(unit.name)
    if (isOurs(running) && running.State === "running") continue
    const own = entries.filter(({ container }) => container === unit.name).map(({ port }) => port)
    for (const port of [...(unit.listens ?? []), ...own]) ports.set(port, unit.name)
  }
  return { host: host.entry, kernel, ports, registry: registry.address }
}

/** Half of a cluster does not serve alone: of two members none may be lost. */
function memberChecks(placement: Placement): CheckFinding[] {
  const remedy = "Give a third host the group control, or keep it to one."
  return ["mariadb", "rabbitmq"].flatMap((container): CheckFinding[] => {
    const members = placement.carriers(container).map(({ name }) => name)
    if (members.length !== 2) return []
    const detail = `${members.join(" and ")}: when one ends without a word, the other stops as well`
    return [{ host: "site", check: `members of ${container}`, status: "warning", detail, remedy }]
  })
}

/** Two hosts under one name or address are one for everything that comes after. */
function inventoryChecks({ hosts }: Inventory): CheckFinding[] {
  return (["name", "address"] as const).map((what): CheckFinding => {
    const twice = [...Map.groupBy(hosts, (host) => host[what])]
      .filter(([, same]) => same.length > 1)
      .map(([value]) => value)
    const check = `unique ${what}`
    if (twice.length === 0) return { host: "site", check, status: "ok", detail: `${hosts.length} hosts`, remedy: null }
    return {
      host: "site",
      check,
      status: "failed",
      detail: twice.join(", "),
      remedy: "Give each host its own, and enroll again.",
    }
  })
}
