import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, identities, libraryExtras } from "../prune.ts"
import { cephTools, extendStart, ovsTools } from "../service.ts"

/** Instances run in nova-libvirt's container; here is what nova itself starts: for disks, images, volumes and ports. */
export default defineImage({
  name: "nova-compute",
  summary: "OpenStack compute: instances of a host",
  from: "nova-base",
  packages: [
    ...ovsTools.packages,
    "dosfstools",
    "iptables",
    "kmod",
    ...cephTools.packages,
    "lvm2",
    "multipath-tools",
    "nfs-common",
    "nvme-cli",
    "parted",
    "python3-libvirt",
    "qemu-block-extra",
    "rsync",
    "sysfsutils",
    "xfsprogs",
  ],
  extract: {
    ...ovsTools.extract,
    ...cephTools.extract,
    // Which firmware there is for UEFI; the firmware itself is libvirt's to read.
    ovmf: ["./usr/share/qemu/firmware/*"],
  },
  rpm: {
    packages: [
      ["ceph-common", "device-mapper-multipath", "dosfstools", "edk2-ovmf", "iptables", "kmod", "lvm2"],
      ["nfs-utils", "nvme-cli", "openstack-nova-compute", "openvswitch", "parted", "python3-libvirt"],
      ["qemu-kvm-block-rbd", "rsync", "sysfsutils", "xfsprogs"],
    ].flat(),
  },
  prune: [...libraryExtras, ...fullPerl, ...identities],
  files: extendStart("nova"),
  health: "healthcheck_port nova-compute 5672 5671",
})
