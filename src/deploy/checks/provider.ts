import { didYouMean } from "../../util/closest.ts"
import type { InventoryHost } from "../inventory.ts"
import { type HostInterface, providerNetworks } from "../networks.ts"
import type { SiteConfig } from "../site.ts"
import type { CheckFinding } from "./finding.ts"

const remedy =
  "Name an interface of the host in bifrost.yaml, under networks.provider, for the site, a group or the host."

/** Whether the interfaces that become ports of a host's bridges are there: its switch does not start without them. */
export function providerChecks(
  host: InventoryHost,
  interfaces: readonly HostInterface[],
  site: SiteConfig,
): CheckFinding[] {
  const all = interfaces.map(({ name }) => name)
  // That by which the deployer comes to the host would be cut off.
  const free = interfaces.filter(({ name, addresses }) => name !== "lo" && !addresses.includes(host.address))
  return providerNetworks(host, site).flatMap(({ name, interface: port }): CheckFinding[] => {
    if (port === undefined) return []
    const base = { host: host.name, check: `network provider ${name}` }
    if (all.includes(port)) return [{ ...base, status: "ok", detail: port, remedy: null }]
    const meant = didYouMean(
      port,
      free.map((each) => each.name),
    )
    const detail = `there is no ${port}${meant === "" ? ";" : meant} it has ${all.join(", ")}`
    return [{ ...base, status: "failed", detail, remedy }]
  })
}
