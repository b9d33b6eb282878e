import { isIPv6 } from "node:net"
import { basename } from "node:path"
import { providerNetworks } from "../../src/deploy/networks.ts"
import type { OsloConfig } from "../../src/deploy/oslo.ts"
import type { DatabaseDefinition, FileDefinition, ServiceContext, ServiceUser } from "../../src/deploy/service.ts"
import { authToken, configFile, database, logging, messaging, serviceAuth, transportUrl } from "../common/openstack.ts"
import { connectionTo, northbound, southbound } from "../common/ovn.ts"
import { bridgeMappings, datapathType, ovsdb } from "../common/ovs.ts"

export const neutronDatabase: DatabaseDefinition = { name: "neutron", password: "neutron_database_password" }
export const user: ServiceUser = { name: "neutron", password: "neutron_keystone_password" }

/** What the plugins of ML2 differ in, for the server. */
const plugins = {
  openvswitch: { router: "router", drivers: "openvswitch,l2population", tunnel: "vxlan" },
  ovn: { router: "ovn-router", drivers: "ovn", tunnel: "geneve" },
} as const satisfies Record<ServiceContext["site"]["services"]["neutron"]["plugin"], object>

/** Shared by the metadata agent and the proxies that the other agents start; only Neutron's user opens it. */
export const metadataSocket = "/var/lib/neutron/kolla/metadata_proxy"

export const config = configFile({
  service: "neutron",
  content: (context) => ({
    DEFAULT: {
      ...logging(context, "neutron"),
      transport_url: transportUrl(context),
      core_plugin: "ml2",
      service_plugins: plugins[context.site.services.neutron.plugin].router,
      bind_host: context.host.address,
      host: context.host.name,
      state_path: "/var/lib/neutron",
      // A process for each costs 150 MB; these are enough for a hundred hypervisors.
      rpc_workers: 1,
      rpc_state_report_workers: 1,
    },
    // Agents are root in their containers, whose capabilities are the limit: nothing would be won by sudo.
    agent: { root_helper: "" },
    database: database(context, neutronDatabase, 5),
    keystone_authtoken: authToken(context, user),
    nova: { ...serviceAuth(context, user), endpoint_type: "internal" },
    oslo_concurrency: { lock_path: "/var/lib/neutron/tmp" },
    oslo_messaging_rabbit: messaging,
    oslo_middleware: { enable_proxy_headers_parsing: true },
  }),
})

const file = (dest: string, content: (context: ServiceContext) => OsloConfig): FileDefinition => ({
  name: basename(dest),
  dest: `/etc/neutron/${dest}`,
  owner: "neutron:neutron",
  perm: "0600",
  content,
})

/** How Neutron's server and OVN's metadata agent reach OVN's databases. */
const ovn = (context: ServiceContext) => ({
  ovn_nb_connection: connectionTo(northbound, context),
  ovn_sb_connection: connectionTo(southbound, context),
})

/** Neutron's server is told by the site, not by its own host, which may have no part in the tunnels. */
const tunnelsByIpv6 = ({ site, host }: ServiceContext) => {
  const { tunnel, management } = site.networks
  const [within = ""] = (tunnel?.cidr ?? management?.cidr ?? host.address).split("/")
  return isIPv6(within)
}

export const ml2 = file("plugins/ml2/ml2_conf.ini", (context): OsloConfig => {
  const { plugin } = context.site.services.neutron
  const { drivers, tunnel } = plugins[plugin]
  const physical = providerNetworks(context.host, context.site).map(({ name }) => name)
  return {
    ml2: {
      type_drivers: `flat,vlan,${tunnel}`,
      tenant_network_types: tunnel,
      mechanism_drivers: drivers,
      extension_drivers: "port_security",
      ...(tunnelsByIpv6(context) && { overlay_ip_version: 6 }),
    },
    ml2_type_flat: { flat_networks: physical.join(",") },
    ml2_type_vlan: { network_vlan_ranges: physical.join(",") },
    // OVN's own header needs 38 bytes of a packet, which networks' MTUs leave room for.
    [`ml2_type_${tunnel}`]: { vni_ranges: "1:65535", ...(plugin === "ovn" && { max_header_size: 38 }) },
    ...(plugin === "ovn" && { ovn: { ...ovn(context), ovn_metadata_enabled: true } }),
  }
})

/** `[ovs]` of every agent; each makes ports, and a port must have its bridge's datapath. */
const ovs = ({ site }: ServiceContext) => ({ ovsdb_connection: ovsdb, datapath_type: datapathType(site) })

export const openvswitchAgent = file("plugins/ml2/openvswitch_agent.ini", (context) => ({
  ovs: {
    ...ovs(context),
    bridge_mappings: bridgeMappings(context),
    local_ip: context.network("tunnel").address,
  },
  agent: { tunnel_types: "vxlan", l2_population: true, arp_responder: true },
  securitygroup: { firewall_driver: "openvswitch" },
}))

/** Of agents that make ports of their own, and start the proxies that hand requests for metadata to the metadata agent. */
const ports = ({ site }: ServiceContext) => ({
  interface_driver: "openvswitch",
  // A port that vswitchd itself makes in the userspace datapath is dead in its namespace when vswitchd starts anew.
  ovs_use_veth: datapathType(site) === "netdev",
  metadata_proxy_socket: metadataSocket,
  // The socket's owner, as which the metadata agent runs.
  metadata_proxy_user: "neutron",
  metadata_proxy_group: "neutron",
})

export const dhcpAgent = file("dhcp_agent.ini", (context) => ({
  DEFAULT: { ...ports(context), enable_isolated_metadata: true },
  ovs: ovs(context),
}))

export const l3Agent = file("l3_agent.ini", (context) => ({
  DEFAULT: ports(context),
  ovs: ovs(context),
}))

/** How questions for metadata get from a proxy's socket to Nova. */
const metadata = ({ carriers, secret }: ServiceContext) => {
  const [nova] = carriers("nova_metadata")
  return {
    nova_metadata_host: nova?.address,
    nova_metadata_port: 8775,
    metadata_proxy_shared_secret: secret("metadata_secret"),
    metadata_workers: 1,
  }
}

export const metadataAgent = file("metadata_agent.ini", (context) => ({
  DEFAULT: { ...metadata(context), metadata_proxy_socket: metadataSocket },
}))

/** With OVN one agent starts the proxies and answers them: only the ports are OVN's. */
export const ovnMetadataAgent = file("neutron_ovn_metadata_agent.ini", (context) => ({
  DEFAULT: {
    ...metadata(context),
    metadata_proxy_user: "neutron",
    metadata_proxy_group: "neutron",
  },
  ovs: { ovsdb_connection: ovsdb },
  ovn: ovn(context),
}))
