import { defaultSite, type SiteConfig } from "../../src/deploy/site.ts"
import { onServers } from "./commands.ts"
import type { Plan } from "./run.ts"

export type NetworkPlugin = SiteConfig["services"]["neutron"]["plugin"]

/** The core services on one server that is there already, with what a host without KVM and Open vSwitch's module can. */
export const oneServer = (plugin: NetworkPlugin = defaultSite.services.neutron.plugin): Plan => ({
  stages: onServers,
  machines: ["--hosts", "1"],
  site: {
    networks: { provider: { physnet1: { bridge: "br-ex", interface: "eth1" } } },
    services: {
      nova: { virt_type: "qemu" },
      neutron: { plugin, datapath: "userspace" },
      // LVM needs an iSCSI initiator in the kernel. Nothing serves this share: Cinder's services run, without a volume.
      cinder: { backends: { nfs: { shares: ["127.0.0.1:/volumes"] } } },
    },
  },
})
