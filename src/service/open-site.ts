import { services } from "../../services/index.ts"
import { type DeployHost, deployHost } from "../deploy/host.ts"
import { type Inventory, inventoryFrom } from "../deploy/inventory.ts"
import type { Overrides } from "../deploy/overrides.ts"
import { Placement } from "../deploy/placement.ts"
import type { SiteConfig } from "../deploy/site.ts"
import type { FrontCertificates } from "../deploy/tls/certificate.ts"
import type { Store } from "../store/port.ts"
import { sshTransport } from "../transport/ssh.ts"
import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import type { Paths } from "../util/paths.ts"
import { siteCertificates } from "./certificates.ts"
import { serviceErrors } from "./errors.ts"
import { siteAuthority } from "./pki.ts"
import { siteOfRun } from "./runs/site.ts"

export interface OpenSiteOptions {
  readonly store: Store
  readonly paths: Paths
  readonly clock: Clock
}

export interface OpenSite {
  readonly site: SiteConfig
  readonly overrides: Overrides
  /** Of the virtual addresses under HTTPS; those that have yet to be made are not kept. */
  readonly certificates: FrontCertificates
  readonly inventory: Inventory
  readonly placement: Placement
  readonly hosts: ReadonlyMap<string, DeployHost>
  /** Ends the connections that were made. */
  close(): void
}

/** The site as the operator's files say it is, with the way to each of its hosts. */
export async function openSite({ store, paths, clock }: OpenSiteOptions): Promise<OpenSite> {
  const privateKey = await store.secrets.get("site", "ssh_private_key")
  const inventory = inventoryFrom(await store.nodes.list())
  if (!privateKey || inventory.hosts.length === 0) throw new BifrostError(serviceErrors.NOTHING_ENROLLED)
  const { site, overrides, certificates: given } = await siteOfRun(paths, services, inventory)
  const authority = await siteAuthority(store, clock)
  const certificates = await siteCertificates({ store, clock, authority, site, given }, { dryRun: true })
  const transports = inventory.hosts.map((entry) => sshTransport(entry, privateKey, clock))
  const hosts = inventory.hosts.map(
    (entry, index) => [entry.name, deployHost(entry, transports[index]!, clock)] as const,
  )
  return {
    ...{
      site,
      overrides,
      certificates,
      inventory,
      placement: new Placement(services, inventory, site),
      hosts: new Map(hosts),
    },
    close() {
      for (const transport of transports) transport.close()
    },
  }
}
