import { providerNetworks } from "../../src/deploy/networks.ts"
import type { ServiceContext } from "../../src/deploy/service.ts"
import type { SiteConfig } from "../../src/deploy/site.ts"

/** What the services around Open vSwitch agree on. */

/** Open vSwitch's name of the datapath; every bridge and every port on it must have the same. */
export const datapathType = ({ services: { neutron } }: SiteConfig) =>
  neutron.datapath === "userspace" ? "netdev" : "system"

/** Whether a site's networks are carried by one plugin of ML2 rather than the other. */
export const hasPlugin =
  (plugin: SiteConfig["services"]["neutron"]["plugin"]) =>
  ({ services: { neutron } }: Pick<SiteConfig, "services">) =>
    neutron.plugin === plugin

/** Sockets of ovsdb-server and of each bridge. */
export const ovsVolume = "/run/openvswitch:/run/openvswitch"

/** For root and nova alone (`openvswitch_db`); a port, which is the default of most, would be open to everyone on the host. */
export const ovsdb = "unix:/run/openvswitch/db.sock"

/** `physnet1:br-ex,…`, as Neutron's agent and OVN's controller take them. */
export const bridgeMappings = ({ host, site }: Pick<ServiceContext, "site" | "host">) =>
  providerNetworks(host, site)
    .map(({ name, bridge }) => `${name}:${bridge}`)
    .join(",")
