import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl } from "../prune.ts"

/** Perl's `tgt-admin` goes: cinder-volume runs its own against this daemon's socket. */
export default defineImage({
  name: "tgtd",
  summary: "iSCSI target in user space, for cinder's LVM backend",
  from: "base",
  packages: ["tgt"],
  rpm: { missing: "Rocky Linux has no tgt; cinder's LVM backend uses lioadm there" },
  prune: [...fullPerl, "/usr/sbin/tgt-admin"],
  health: "tgtadm --lld iscsi --mode system --op show",
})
