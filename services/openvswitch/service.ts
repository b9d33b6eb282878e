import type { KernelFeature } from "../../src/deploy/kernel.ts"
import { providerNetworks } from "../../src/deploy/networks.ts"
import { defineService } from "../../src/deploy/service.ts"
import type { SiteConfig } from "../../src/deploy/site.ts"
import { logVolume } from "../common/openstack.ts"
import { datapathType, hasPlugin, ovsdb, ovsVolume } from "../common/ovs.ts"
import { startFile } from "../common/start-file.ts"

const log = (program: string) =>
  `-vconsole:emer -vsyslog:err -vfile:info --log-file=/var/log/kolla/openvswitch/${program}.log`

const startDatabase = startFile("/etc/openvswitch", "start-ovsdb-server", () => [
  // The socket is for the process's group as well: nova-compute plugs ports as nova.
  "umask 0007",
  "exec ovs_wrapper ovsdb-server /usr/sbin/ovsdb-server /var/lib/openvswitch/conf.db " +
    `--remote=p${ovsdb} ${log("ovsdb-server")} --pidfile`,
])

const noModule =
  "The kernel has no openvswitch module, or does not load it. services.neutron.datapath: userspace does without, slower."

/**
 * Nobody answers at an address of a bridge's port. The address is on the bridge before it leaves the port, so that whoever asks
 * finds it. The userspace datapath finds a tunnel's way out only by an address of a bridge.
 */
const takeOver = `take_over() {
    ip -oneline address show dev "$1" scope global | while read -r _ _ _ address _; do
        ip address replace "$address" dev "$2"
        ip address delete "$address" dev "$1"
    done
}`

/**
 * Brings the bridges of the physical networks into the database, then becomes the switch. A bridge that someone removed is
 * there again after a restart, and the health check asks for that.
 */
const startSwitch = startFile("/etc/openvswitch", "start-vswitchd", (context) => {
  const { site, host } = context
  const type = datapathType(site)
  const bridges = providerNetworks(host, site)
  return [
    ...(type === "system" ? [`ovs-dpctl show > /dev/null || { echo "${noModule}"; exit 1; }`] : []),
    `vsctl() { ovs-vsctl --no-wait --db=${ovsdb} --timeout=30 "$@"; }`,
    `vsctl set Open_vSwitch . external-ids:system-id=${host.name} external-ids:hostname=${host.name}`,
    // A packet that leaves a port of the kernel's for the userspace datapath has neither checksum nor its final size: with
    // this, both cross over as metadata, as between any two interfaces of the kernel.
    ...(type === "netdev" ? ["vsctl set Open_vSwitch . other_config:userspace-tso-enable=true"] : []),
    ...bridges.flatMap(({ bridge, interface: port }) => [
      `vsctl --may-exist add-br ${bridge} -- set Bridge ${bridge} datapath_type=${type}`,
      ...(port ? [`vsctl --may-exist add-port ${bridge} ${port}`, `ip link set ${port} up`] : []),
    ]),
    takeOver,
    // Once it runs: the kernel's side of each bridge, through which the host itself reaches the network.
    ...bridges.map(({ bridge, interface: port }) => {
      const ready = `ovs-vsctl --db=${ovsdb} --timeout=60 wait-until Interface ${bridge} ofport!=[]`
      return `(${ready} && ip link set ${bridge} up${port ? ` && take_over ${port} ${bridge}` : ""}) &`
    }),
    "disown -a",
    `exec ovs_wrapper ovs-vswitchd /usr/sbin/ovs-vswitchd ${ovsdb} ${log("ovs-vswitchd")} --pidfile`,
  ]
})

/** Tunnels of OVN are ovn_controller's to ask for. */
const kernel = (site: SiteConfig): KernelFeature[] => {
  if (datapathType(site) === "netdev") return ["tun"]
  return hasPlugin("openvswitch")(site) ? ["openvswitch", "vxlan"] : ["openvswitch"]
}

/** The switch itself, for whatever plugs ports into it. */
export default defineService({
  name: "openvswitch",
  summary: "the switch that instances and routers are plugged into",
  group: ["network", "compute"],
  enabled: ({ services: { neutron } }) => neutron.enabled,
  containers: [
    {
      name: "openvswitch_db",
      image: "openvswitch-db-server",
      each: true,
      // Root with Kolla's fixed id of nova as its group.
      access: { user: "0:42436" },
      command: () => startDatabase.dest,
      files: [startDatabase],
      volumes: [logVolume, ovsVolume, "openvswitch_db:/var/lib/openvswitch/"],
      healthy: () => ["ovsdb-client", "--timeout=10", "list-dbs", ovsdb],
    },
    {
      name: "openvswitch_vswitchd",
      image: "openvswitch-vswitchd",
      each: true,
      access: { user: "root", capabilities: ["NET_ADMIN", "NET_BROADCAST"], devices: ["/dev/net/tun"] },
      command: () => startSwitch.dest,
      files: [startSwitch],
      volumes: [logVolume, ovsVolume],
      kernel,
      needs: ["here/container/openvswitch_db"],
      healthy: ({ host, site }) => [
        "bash",
        "-c",
        providerNetworks(host, site)
          .map(({ bridge }) => `ovs-appctl --timeout=10 fdb/stats-show ${bridge}`)
          .join(" && "),
      ],
    },
  ],
})
