import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, identities } from "../prune.ts"

export default defineImage({
  name: "cinder-backup",
  summary: "OpenStack block storage: backups",
  from: "cinder-base",
  packages: ["lsscsi", "lvm2", "multipath-tools", "nfs-common", "nvme-cli", "sysfsutils"],
  prune: [...fullPerl, ...identities],
  health: "healthcheck_port cinder-backup 5672 5671",
})
