import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, identities } from "../prune.ts"
import { rbdTool } from "../service.ts"

export default defineImage({
  name: "cinder-backup",
  summary: "OpenStack block storage: backups",
  from: "cinder-base",
  packages: [...rbdTool.packages, "lsscsi", "lvm2", "multipath-tools", "nfs-common", "nvme-cli", "sysfsutils"],
  extract: rbdTool.extract,
  prune: [...fullPerl, ...identities],
  health: "healthcheck_port cinder-backup 5672 5671",
})
