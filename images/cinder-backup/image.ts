import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, identities } from "../prune.ts"
import { cephTools } from "../service.ts"

export default defineImage({
  name: "cinder-backup",
  summary: "OpenStack block storage: backups",
  from: "cinder-base",
  packages: [...cephTools.packages, "lsscsi", "lvm2", "multipath-tools", "nfs-common", "nvme-cli", "sysfsutils"],
  extract: cephTools.extract,
  rpm: {
    packages: [
      ["ceph-common", "device-mapper-multipath", "lsscsi", "lvm2"],
      ["nfs-utils", "nvme-cli", "sysfsutils"],
    ].flat(),
  },
  prune: [...fullPerl, ...identities],
  health: "healthcheck_port cinder-backup 5672 5671",
})
