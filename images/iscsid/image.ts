import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, hostDaemons, identities } from "../prune.ts"
import { extendStart } from "../service.ts"

export default defineImage({
  name: "iscsid",
  summary: "iSCSI initiator of a host",
  from: "base",
  packages: ["kmod", "open-iscsi"],
  rpm: { packages: ["iscsi-initiator-utils", "kmod"] },
  prune: [...fullPerl, ...hostDaemons, ...identities],
  files: extendStart(),
  health: "pgrep -x iscsid",
})
