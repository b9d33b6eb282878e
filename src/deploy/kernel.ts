/** What of a host's kernel a service needs, by the kernel's own name for it. */
export type KernelFeature = keyof typeof kernelFeatures

interface Feature {
  /** What it is needed for. */
  readonly purpose: string
  /** What the operator can do where it is missing. */
  readonly otherwise: string
}

/** Modules of Linux; each may be built in instead. */
export const kernelFeatures = {
  openvswitch: {
    purpose: "Open vSwitch's fast path",
    otherwise: "let the site use the userspace datapath (netdev): slower, and without the module",
  },
  geneve: { purpose: "OVN's tunnels between hosts", otherwise: "keep to one host, or use VXLAN with ML2/OVS" },
  vxlan: { purpose: "tunnels between hosts", otherwise: "keep to one host, or to provider networks" },
  tun: {
    purpose: "instances' network interfaces",
    otherwise: "load it (modprobe tun): no instance has a network without it",
  },
  kvm: { purpose: "instances at native speed", otherwise: "let nova emulate (virt_type qemu): several times slower" },
  iscsi_tcp: { purpose: "volumes over iSCSI", otherwise: "let cinder use NFS or Ceph" },
  target_core_mod: { purpose: "exporting volumes over iSCSI (LIO)", otherwise: "let cinder use NFS or Ceph" },
  dm_mod: { purpose: "logical volumes", otherwise: "let cinder use NFS or Ceph" },
  dm_thin_pool: { purpose: "thin LVM volumes", otherwise: "let cinder's LVM volumes be thick, or use NFS or Ceph" },
  nfs: { purpose: "mounting NFS shares", otherwise: "let cinder use LVM or Ceph" },
  nbd: { purpose: "looking into disk images", otherwise: "give instances a config drive instead of injected files" },
  br_netfilter: {
    purpose: "security groups by iptables",
    otherwise: "use the openvswitch firewall driver, the default",
  },
} as const satisfies Record<string, Feature>
