import { cidrHas } from "../../util/cidr.ts"
import { sides } from "../entrance.ts"
import type { DeployHost } from "../host.ts"
import { type HostInterface, networkOf } from "../networks.ts"
import type { Placement } from "../placement.ts"
import type { SiteConfig } from "../site.ts"
import { isOurs } from "../survey.ts"
import type { CheckFinding } from "./finding.ts"
import { attempt } from "./host.ts"

const roles = { internal: "api", external: "external" } as const

export interface VipCheckOptions {
  readonly placement: Placement
  readonly hosts: ReadonlyMap<string, DeployHost>
  readonly site: SiteConfig
  readonly signal: AbortSignal
}

/** Whether each host that may get a virtual address is in its network, and whether nobody has it yet. */
export async function vipChecks(options: VipCheckOptions): Promise<CheckFinding[]> {
  const carriers = options.placement.carriers("keepalived").map(({ name }) => options.hosts.get(name)!)
  const perHost = await Promise.all(carriers.map((host) => onLinks(host, options)))
  return [...perHost.flat(), ...(await areFree(carriers, options))]
}

const vipsOf = (site: SiteConfig) =>
  sides.flatMap((side) => {
    const vip = site[`${side}_vip_address`]
    return vip === undefined ? [] : [{ side, vip }]
  })

async function onLinks(host: DeployHost, { site }: VipCheckOptions): Promise<CheckFinding[]> {
  const facts = await host.facts().catch(() => undefined)
  // A host that does not answer has that said of it elsewhere.
  if (!facts) return []
  const at = host.entry.name
  const remedy = "Choose an address in that network, or name the network in bifrost.yaml, under networks."
  return Promise.all(
    vipsOf(site).map(({ side, vip }) =>
      attempt(at, `vip ${side}`, remedy, async () => {
        const { interface: name } = networkOf(roles[side], host.entry, facts.interfaces, site)
        return linkOf(vip, name, facts.interfaces)
      }),
    ),
  )
}

/** Throws when the address would be on a link where nobody else looks for it. */
function linkOf(vip: string, name: string, interfaces: readonly HostInterface[]): string {
  const { networks = [] } = interfaces.find((each) => each.name === name) ?? {}
  // One of a single address is a virtual one, perhaps this.
  const wide = networks.filter((network) => !/\/(32|128)$/.test(network))
  if (wide.some((network) => cidrHas(network, vip))) return `${vip} on ${name}`
  throw new Error(`${vip} would be on ${name}, which is in ${wide.join(", ") || "no network"}`)
}

/** Whoever has an address says so to the link (ARP, RFC 826; NDP, RFC 4861), whatever a firewall drops. What was known is forgotten first. */
const neighbour = `ip neighbour flush to "$0" 2>/dev/null
{ echo >"/dev/udp/$0/9"; } 2>/dev/null
sleep 1
ip neighbour show to "$0"`

async function areFree(carriers: readonly DeployHost[], { site, signal }: VipCheckOptions): Promise<CheckFinding[]> {
  const looks = await Promise.allSettled(carriers.map((host) => host.survey()))
  const held = looks.some((look) => look.status === "fulfilled" && isOurs(look.value.containers.get("keepalived")))
  const [asker] = carriers.filter((_, index) => looks[index]?.status === "fulfilled")
  if (held || !asker) return []
  const remedy = "Choose an address that nobody has."
  const asked = vipsOf(site).map(async ({ side, vip }): Promise<CheckFinding> => {
    const base = { host: "site", check: `vip ${side} free` }
    const { stdout } = await asker.transport.exec(["bash", "-c", neighbour, vip], { signal })
    const [, owner] = /lladdr (\S+)/.exec(stdout) ?? []
    if (owner === undefined) return { ...base, status: "ok", detail: vip, remedy: null }
    return { ...base, status: "failed", detail: `someone has ${vip} already (${owner})`, remedy }
  })
  return Promise.all(asked)
}
