import { onServers } from "./commands.ts"
import type { Plan } from "./run.ts"

/** The core services on one server that is there already, with what a host without KVM and Open vSwitch's module can. */
export const oneServer: Plan = {
  stages: onServers,
  machines: ["--hosts", "1"],
  site: {
    networks: { provider: { physnet1: { bridge: "br-ex", interface: "eth1" } } },
    services: { nova: { virt_type: "qemu" }, neutron: { plugin: "openvswitch", datapath: "userspace" } },
  },
}
