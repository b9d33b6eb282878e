import type { ContainerDefinition, FileDefinition, FilesContext } from "../../src/deploy/service.ts"
import type { SiteConfig } from "../../src/deploy/site.ts"
import { cephConf, cephFiles, libvirtSecret } from "../common/ceph.ts"
import { iscsiNeeded, iscsiVolumes, volumesByIscsi } from "../common/iscsi.ts"
import { logVolume } from "../common/openstack.ts"
import { ovsVolume } from "../common/ovs.ts"
import { computeConfig } from "./config.ts"

/** Instances' disks and console logs. */
const instances = "nova_compute:/var/lib/nova/"
/** NFS shares that nova-compute mounts are there for QEMU as well; no volume of the engine's can be shared like that. */
const shares = "/var/lib/nova/mnt:/var/lib/nova/mnt:shared"
const libvirtRun = "/run/libvirt:/run/libvirt"
/** The host's own, with the terminals of consoles and with whatever device a volume becomes. */
const devices = "/dev:/dev"

const libvirtFile = (name: string, content: FileDefinition["content"]): FileDefinition => ({
  name,
  dest: `/etc/libvirt/${name}`,
  owner: "root:root",
  perm: "0600",
  content,
})

const lines = (settings: Readonly<Record<string, string | number | readonly string[]>>) =>
  Object.entries(settings)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join("")

const libvirtdConf = libvirtFile("libvirtd.conf", () =>
  lines({
    // Nobody but nova, a member of the group, by the socket; nothing listens on the network.
    unix_sock_group: "libvirt",
    unix_sock_rw_perms: "0770",
    auth_unix_ro: "none",
    auth_unix_rw: "none",
    log_outputs: "3:stderr",
  }),
)

const qemuConf = libvirtFile("qemu.conf", () =>
  lines({
    // The container is what confines QEMU here; AppArmor's profiles are not inside it, and /dev is the host's.
    user: "qemu",
    group: "qemu",
    security_driver: "none",
    namespaces: [],
    // Written by virtlogd, which bounds them: an instance must not fill the disk through its console.
    stdio_handler: "logd",
  }),
)

/** Clients of Ceph: those of instances' own disks, and of volumes, each with its secret's name. */
const cephClients = ({ services: { nova, cinder } }: SiteConfig) => [
  ...(nova.rbd ? [{ user: nova.rbd.user, secret: "rbd_secret_uuid", name: "nova_rbd_secret" }] : []),
  ...(cinder.enabled && cinder.backends.rbd
    ? [{ user: cinder.backends.rbd.user, secret: "cinder_rbd_secret_uuid", name: "cinder_rbd_secret" }]
    : []),
]

const cephSecrets = ({ site, secret }: FilesContext): readonly FileDefinition[] => {
  const clients = cephClients(site)
  const secrets = clients.flatMap((client) => libvirtSecret(client.name, client.user, secret(client.secret)))
  return clients.length === 0 ? [] : [cephConf, ...secrets]
}

/** Keeps instances' console logs; apart from libvirtd, so that neither's restart cuts them off. */
const virtlogd: ContainerDefinition = {
  name: "nova_virtlogd",
  image: "nova-libvirt",
  group: "compute",
  each: true,
  access: { user: "root", namespaces: ["pid"] },
  command: () => "/usr/sbin/virtlogd",
  volumes: [logVolume, libvirtRun, instances],
  healthy: () => ["virt-admin", "--connect", "virtlogd:///system", "server-list"],
}

/**
 * Instances are its children and outlive it: they share the host's process ids, and libvirt moves them to control groups
 * of their own, out of the container's.
 */
const libvirt: ContainerDefinition = {
  name: "nova_libvirt",
  image: "nova-libvirt",
  group: "compute",
  each: true,
  access: {
    user: "root",
    capabilities: ["NET_ADMIN", "SYS_ADMIN", "SYS_NICE"],
    allDevices: true,
    namespaces: ["pid", "cgroup"],
    unconfined: true,
  },
  command: () => "/usr/sbin/libvirtd",
  files: [libvirtdConf, qemuConf],
  siteFiles: cephSecrets,
  volumes: [
    logVolume,
    devices,
    libvirtRun,
    ovsVolume,
    instances,
    shares,
    "/sys/fs/cgroup:/sys/fs/cgroup",
    "libvirtd:/var/lib/libvirt",
    "nova_libvirt_qemu:/etc/libvirt/qemu",
  ],
  kernel: ({ services: { nova } }) => (nova.virt_type === "kvm" ? ["tun", "kvm"] : ["tun"]),
  needs: ["here/container/nova_virtlogd", "here/container/openvswitch_db"],
  healthy: () => ["virsh", "--connect", "qemu:///system", "version", "--daemon"],
}

const compute: ContainerDefinition = {
  name: "nova_compute",
  kernel: ({ services: { cinder } }) => (cinder.enabled && cinder.backends.nfs ? ["nfs"] : []),
  image: "nova-compute",
  group: "compute",
  each: true,
  // Those that nova's and os-brick's privileged helpers set.
  access: { capabilities: ["NET_ADMIN", "SYS_ADMIN", "DAC_READ_SEARCH"], allDevices: true, unconfined: true },
  command: () => "nova-compute --config-file /etc/nova/nova.conf",
  files: [computeConfig],
  siteFiles: ({ site }) => cephFiles("nova", "service", ...cephClients(site)),
  volumes: [logVolume, devices, libvirtRun, ovsVolume, instances, shares],
  siteVolumes: (site) => (volumesByIscsi(site) ? iscsiVolumes : []),
  permissions: [{ path: "/var/lib/nova", owner: "nova:nova" }],
  needs: ["here/container/nova_libvirt", iscsiNeeded, "container/rabbitmq", "catalog/placement", "catalog/neutron"],
  // It asks a conductor for all that is in the database, and waits for an answer; a newer one would not understand an older.
  comesAfter: ["container/nova_conductor"],
  healthy: () => ["healthcheck_port", "nova-compute", "5672"],
}

export const hypervisor = [virtlogd, libvirt, compute]
