import { defineImage } from "../../src/build/containers/definition.ts"
import { identities, libraryExtras } from "../prune.ts"
import { cephTools } from "../service.ts"

/** With what the backends start: LVM, iSCSI targets of both kinds, NFS, NVMe over TCP. Perl stays: `tgt-admin` is written in it. */
export default defineImage({
  name: "cinder-volume",
  summary: "OpenStack block storage: volumes of a backend",
  from: "cinder-base",
  packages: [
    ...cephTools.packages,
    "lsscsi",
    "lvm2",
    "multipath-tools",
    "nfs-common",
    "nvme-cli",
    "python3-rtslib-fb",
    "sysfsutils",
    "targetcli-fb",
    "tgt",
    "thin-provisioning-tools",
  ],
  extract: cephTools.extract,
  rpm: {
    packages: [
      ["ceph-common", "device-mapper-multipath", "device-mapper-persistent-data", "lsscsi", "lvm2"],
      ["nfs-utils", "nvme-cli", "nvmetcli", "python3-rtslib", "sysfsutils", "targetcli"],
    ].flat(),
    // Without tgt there is nothing to tell it.
    run: [],
  },
  prune: [...libraryExtras, ...identities],
  // The files in which cinder describes its targets to tgt-admin.
  run: ["sed -i '1i include /var/lib/cinder/volumes/*' /etc/tgt/targets.conf"],
  health: "healthcheck_port cinder-volume 5672 5671",
})
