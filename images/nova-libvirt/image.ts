import { defineImage } from "../../src/build/containers/definition.ts"
import { foreignFirmware, fullPerl, hostDaemons, identities } from "../prune.ts"
import { extendStart, ovsTools } from "../service.ts"

/**
 * libvirt's one-process daemon with the drivers that nova uses, virtlogd, and QEMU for the host's architecture. Machines live
 * in here: what is not in this image, such as firmware, TPM or a block driver, no instance can have.
 */
export default defineImage({
  name: "nova-libvirt",
  summary: "libvirt and QEMU",
  from: "base",
  packages: [
    ...ovsTools.packages,
    "iptables",
    "kmod",
    "libsasl2-modules",
    "libvirt-clients",
    "libvirt-daemon",
    "libvirt-daemon-config-nwfilter",
    "libvirt-daemon-driver-interface",
    "libvirt-daemon-driver-nodedev",
    "libvirt-daemon-driver-nwfilter",
    "libvirt-daemon-driver-qemu",
    "libvirt-daemon-driver-secret",
    "libvirt-daemon-driver-storage",
    "libvirt-daemon-driver-storage-rbd",
    "libvirt-daemon-log",
    "ovmf",
    "qemu-block-extra",
    "qemu-system-x86",
    "qemu-utils",
    "sasl2-bin",
    "swtpm-tools",
  ],
  extract: ovsTools.extract,
  rpm: {
    packages: [
      ["cyrus-sasl-scram", "edk2-ovmf", "iptables", "kmod"],
      ["libvirt-client", "libvirt-daemon", "libvirt-daemon-config-nwfilter", "libvirt-daemon-driver-interface"],
      ["libvirt-daemon-driver-nodedev", "libvirt-daemon-driver-nwfilter", "libvirt-daemon-driver-qemu"],
      ["libvirt-daemon-driver-secret", "libvirt-daemon-driver-storage", "libvirt-daemon-driver-storage-rbd"],
      ["libvirt-daemon-log", "openvswitch", "qemu-img", "qemu-kvm", "qemu-kvm-block-rbd", "swtpm", "swtpm-tools"],
    ].flat(),
  },
  prune: [...fullPerl, ...hostDaemons, ...identities, ...foreignFirmware],
  accounts: [
    { name: "qemu", id: 42427, home: "/nonexistent" },
    { name: "libvirt", id: 42473, home: "/nonexistent" },
    { name: "nova", id: 42436, home: "/var/lib/nova", groups: ["qemu", "libvirt"] },
  ],
  files: {
    ...extendStart(),
    "/usr/local/bin/kolla_nova_libvirt_start": { source: "kolla_nova_libvirt_start", mode: "0755" },
  },
  health: "virsh version --daemon",
})
