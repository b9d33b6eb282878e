import type { ContainerDefinition, FileDefinition, HostAccess } from "../../src/deploy/service.ts"
import { logVolume } from "../common/openstack.ts"
import { hasPlugin, ovsVolume } from "../common/ovs.ts"
import { startFile } from "../common/start-file.ts"
import { config, dhcpAgent, l3Agent, metadataAgent, ml2, openvswitchAgent, ovnMetadataAgent } from "./config.ts"

const metadataVolume = "neutron_metadata_socket:/var/lib/neutron/kolla/"

/** What `ip netns` makes lives on the host, as namespaces do: they outlive the container and other agents see them. */
const netnsVolume = "/run/netns:/run/netns:shared"

/** The capabilities that neutron.privileged.default sets, and a writable /proc/sys for namespaces that route. */
const agentAccess: HostAccess = {
  user: "root",
  capabilities: ["NET_ADMIN", "NET_BROADCAST", "SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"],
  unconfined: true,
}

/** Dest of a file is where the command finds it. */
const command = (binary: string, files: readonly FileDefinition[]) => () =>
  [binary, ...files.map(({ dest }) => `--config-file ${dest}`)].join(" ")

/** Part of Neutron that talks to the others over the message bus alone. */
export const messageWorker = (options: {
  readonly name: string
  readonly image: string
  readonly binary: string
  readonly files: readonly FileDefinition[]
}): ContainerDefinition => {
  const { name, image, binary, files } = options
  return {
    name,
    image,
    command: command(binary, files),
    files,
    volumes: [logVolume],
    needs: ["task/bootstrap_neutron", "container/rabbitmq", "catalog/neutron"],
    healthy: () => ["healthcheck_port", binary, "5672"],
  }
}

const agent = (name: string, own: readonly FileDefinition[]): ContainerDefinition => {
  const binary = name.replaceAll("_", "-")
  const worker = messageWorker({ name, image: binary, binary, files: [config, ...own] })
  return { ...worker, each: true, needs: ["container/rabbitmq", "container/neutron_rpc_server"] }
}

/** On every host that has ports: wires them up, keeps their security groups. */
const openvswitch: ContainerDefinition = {
  ...agent("neutron_openvswitch_agent", [ml2, openvswitchAgent]),
  group: ["network", "compute"],
  access: agentAccess,
  volumes: [logVolume, ovsVolume],
  needs: ["container/rabbitmq", "container/neutron_rpc_server", "here/container/openvswitch_vswitchd"],
}

const dhcp: ContainerDefinition = {
  ...agent("neutron_dhcp_agent", [dhcpAgent]),
  access: agentAccess,
  volumes: [logVolume, ovsVolume, metadataVolume, netnsVolume],
  needs: ["container/neutron_rpc_server", "here/container/neutron_openvswitch_agent"],
}

const l3: ContainerDefinition = {
  ...agent("neutron_l3_agent", [l3Agent]),
  // Answers to a floating address may leave by another interface than questions came by.
  sysctl: () => ({ "net.ipv4.ip_forward": "1", "net.ipv4.conf.all.rp_filter": "0" }),
  access: agentAccess,
  volumes: [logVolume, ovsVolume, metadataVolume, netnsVolume],
  needs: ["container/neutron_rpc_server", "here/container/neutron_openvswitch_agent"],
}

/** Answers what instances ask 169.254.169.254: says who asks, and lets Nova answer. Beside the proxies, on their socket. */
const metadata: ContainerDefinition = {
  ...agent("neutron_metadata_agent", [metadataAgent]),
  volumes: [logVolume, metadataVolume],
  permissions: [{ path: "/var/lib/neutron/kolla", owner: "neutron:neutron" }],
}

/**
 * The agent's socket is its own and its group's, which is that of the proxies: neutron 26 does not carry out
 * `metadata_proxy_socket_mode` here.
 */
const startOvnMetadata = startFile("/etc/neutron", "start-ovn-metadata-agent", () => [
  "umask 0002",
  `exec ${command("neutron-ovn-metadata-agent", [config, ovnMetadataAgent])()}`,
])

/**
 * The same with OVN, where each host answers its own instances: in a namespace for each network, by a proxy that it starts
 * itself.
 */
const ovnMetadata: ContainerDefinition = {
  name: "neutron_ovn_metadata_agent",
  image: "neutron-ovn-metadata-agent",
  group: "compute",
  each: true,
  command: () => startOvnMetadata.dest,
  files: [config, ovnMetadataAgent, startOvnMetadata],
  access: { ...agentAccess, user: "root:neutron" },
  volumes: [logVolume, ovsVolume, netnsVolume],
  needs: ["here/container/ovn_controller", "container/ovn_nb_db", "container/nova_metadata"],
  healthy: () => ["healthcheck_port", "neutron-ovn-metadata-agent", "6642"],
}

export const agents: readonly ContainerDefinition[] = [
  ...[openvswitch, dhcp, l3, metadata].map((each) => ({ ...each, enabled: hasPlugin("openvswitch") })),
  { ...ovnMetadata, enabled: hasPlugin("ovn") },
]
