import { defaultSite, type SiteConfig } from "../../src/deploy/site.ts"
import { onServers } from "./commands.ts"
import type { Plan } from "./run.ts"

export type NetworkPlugin = SiteConfig["services"]["neutron"]["plugin"]

/**
 * The core services on one server that is there already, with what a host without KVM and Open vSwitch's module can. Images,
 * volumes and backups are in the lab's Ceph, which needs nothing of the kernel.
 */
export const oneServer = (plugin: NetworkPlugin = defaultSite.services.neutron.plugin): Plan => ({
  stages: onServers,
  machines: ["--hosts", "1", "--ceph"],
  site: {
    networks: { provider: { physnet1: { bridge: "br-ex", interface: "eth1" } } },
    services: {
      nova: { virt_type: "qemu" },
      neutron: { plugin, datapath: "userspace" },
      glance: { backends: { rbd: {} } },
      cinder: { backends: { rbd: {} }, backup: { rbd: {} } },
    },
  },
})
