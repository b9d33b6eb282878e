import Type from "typebox"
import { about, group, part } from "./words.ts"

/** How a host's address in a network is found: that of an interface, the one inside a network, or both. */
const network = (example: unknown, description: string, kolla?: string) =>
  Type.Optional(
    Type.Object(
      {
        interface: Type.Optional(Type.String({ minLength: 1, ...about("Name of the hosts' interface, e.g. eth0.") })),
        cidr: Type.Optional(
          Type.String(about("The network, IPv4 or IPv6, e.g. 10.0.0.0/24: the hosts' addresses inside it are used.")),
        ),
      },
      { ...group, examples: [example], ...about(description, kolla) },
    ),
  )

const physicalNetwork = Type.Object(
  {
    bridge: Type.Optional(Type.String({ minLength: 1, ...about("Its Open vSwitch bridge.", "neutron_bridge_name") })),
    interface: Type.Optional(
      Type.String({
        minLength: 1,
        ...about(
          "The interface that becomes the bridge's port; addresses that it has move to the bridge. Without one the network ends at the host.",
          "neutron_external_interface",
        ),
      }),
    ),
  },
  group,
)

export const networks = part(
  {
    management: network(
      { cidr: "10.0.0.0/24" },
      "Where the deployer reaches the hosts and they reach each other: on each, services listen at the address that the inventory has. Unless given, the network of that address.",
      "network_interface",
    ),
    api: network(
      { interface: "eth0" },
      "The network of the internal VIP; services behind it stay at the addresses that the inventory has. Unless given: management.",
      "api_interface",
    ),
    external: network(
      { cidr: "203.0.113.0/24" },
      "The network of the external VIP. Unless given: api.",
      "kolla_external_vip_interface",
    ),
    tunnel: network(
      { interface: "eth2" },
      "Between hypervisors: Geneve or VXLAN. Unless given: management. The userspace datapath needs one that a provider network's interface is in.",
      "tunnel_interface",
    ),
    storage: network(
      { interface: "eth3" },
      "Volumes over iSCSI: where storage hosts export them. NFS and Ceph are reached by whatever route leads to them. Unless given: management.",
      "storage_interface",
    ),
    provider: Type.Optional(
      Type.Record(Type.String(), physicalNetwork, {
        examples: [{ physnet1: { bridge: "br-ex", interface: "eth1" } }],
        ...about("Neutron's physical networks by name. Unless given: physnet1 on br-ex, which ends at the host."),
      }),
    ),
  },
  "Networks by role.",
)
