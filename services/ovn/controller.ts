import type { ContainerDefinition, ServiceContext } from "../../src/deploy/service.ts"
import { logVolume } from "../common/openstack.ts"
import { connectionTo, southbound } from "../common/ovn.ts"
import { bridgeMappings, datapathType, ovsdb, ovsVolume } from "../common/ovs.ts"
import { startFile } from "../common/start-file.ts"

/** `external-ids` of the host's Open vSwitch, which tell ovn-controller(8) who it is and what it has. */
export function chassis(context: ServiceContext): Readonly<Record<string, string>> {
  const { site, host } = context
  return {
    "ovn-remote": connectionTo(southbound, context),
    // ms. A controller that works out flows on a busy host must not be taken for dead.
    "ovn-remote-probe-interval": "60000",
    "ovn-encap-type": "geneve",
    "ovn-encap-ip": context.network("tunnel").address,
    "ovn-bridge-datapath-type": datapathType(site),
    "ovn-bridge-mappings": bridgeMappings(context),
    // Routers' gateways are put on hosts that say so.
    "ovn-cms-options": host.groups.includes("network") ? "enable-chassis-as-gw" : "",
  }
}

const start = startFile("/etc/ovn", "start-ovn-controller", (context) => {
  const settings = Object.entries(chassis(context))
  const given = settings.filter(([, value]) => value !== "").map(([key, value]) => `external-ids:${key}='${value}'`)
  const absent = settings.filter(([, value]) => value === "").map(([key]) => key)
  return [
    `vsctl() { ovs-vsctl --no-wait --db=${ovsdb} --timeout=30 "$@"; }`,
    `vsctl set Open_vSwitch . ${given.join(" ")}`,
    ...absent.map((key) => `vsctl remove Open_vSwitch . external-ids ${key}`),
    "exec /usr/bin/ovn-controller --pidfile -vconsole:emer -vsyslog:err -vfile:info " +
      `--log-file=/var/log/kolla/openvswitch/ovn-controller.log ${ovsdb}`,
  ]
})

/** Carries out, on every host that has ports, what the southbound database says of them. Flows outlive it. */
export const controller: ContainerDefinition = {
  name: "ovn_controller",
  image: "ovn-controller",
  group: ["network", "compute"],
  each: true,
  access: { user: "root", capabilities: ["NET_ADMIN"] },
  command: () => start.dest,
  files: [start],
  volumes: [logVolume, ovsVolume],
  kernel: (site) => (datapathType(site) === "netdev" ? [] : ["geneve"]),
  needs: ["here/container/openvswitch_vswitchd", "container/ovn_sb_db", "container/ovn_northd"],
  healthy: () => [
    "bash",
    "-c",
    "ovn-appctl --timeout=10 -t ovn-controller connection-status | grep -x connected && " +
      `ovs-vsctl --db=${ovsdb} --timeout=10 br-exists br-int`,
  ],
}
