import { services } from "../../../services/index.ts"
import { contextFrom } from "../../../src/deploy/context.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import type { ServiceDefinition } from "../../../src/deploy/service.ts"
import { resolveSite, type SiteFile } from "../../../src/deploy/site.ts"
import { renderUnit } from "../../../src/deploy/unit.ts"
import { Secret } from "../../../src/util/secret.ts"

const groups = ["control", "network", "compute", "storage"]
const names = services.flatMap(({ secrets }) => Object.keys(secrets ?? {}))
const allSecrets: ReadonlyMap<string, Secret> = new Map(names.map((name) => [name, new Secret(name)]))

interface HostOptions {
  readonly address: string
  /** Of its second interface; unless given, the same number in another network. */
  readonly second?: string
  readonly groups: readonly string[]
}
/** One that is everything, and a hypervisor. */
const pair: readonly HostOptions[] = [
  { address: "192.0.2.11", groups },
  { address: "192.0.2.12", groups: ["compute"] },
]

export interface RenderedOptions {
  readonly definitions?: readonly ServiceDefinition[]
  readonly secrets?: ReadonlyMap<string, Secret>
  /** `node1`, `node2`, … */
  readonly hosts?: readonly HostOptions[]
}

/** All units of a site as hosts would have them, by `HOST/NAME`. */
export function rendered(file: SiteFile, options: RenderedOptions = {}) {
  const { definitions = services, secrets = allSecrets } = options
  const site = resolveSite(file)
  const given = options.hosts ?? pair
  const hosts = given.map(({ address, groups }, index) => ({
    ...{ name: `node${index + 1}`, address, port: 22, user: "root", hostKey: "", groups },
  }))
  const seconds = new Map(given.map(({ address, second }) => [address, second]))
  const placement = new Placement(definitions, { hosts }, site)
  const units = [...placement.containers, ...placement.tasks].map(({ unit, host }) => {
    const interfaces = [
      { name: "eth0", addresses: [host.address] },
      { name: "eth3", addresses: [seconds.get(host.address) ?? host.address.replace("192.0.2.", "198.51.100.")] },
    ]
    const facts = { cpus: 2, memoryMb: 4096, interfaces }
    const made = renderUnit(unit, unit.image, contextFrom(host, facts, { placement, site, secrets }))
    return [
      `${host.name}/${unit.name}` as string,
      { ...made, kernel: unit.kernel?.(site) ?? [], needs: unit.needs },
    ] as const
  })
  return new Map(units)
}
