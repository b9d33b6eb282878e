import { defineImage } from "../../src/build/containers/definition.ts"
import { perlModules } from "../prune.ts"
import { extendStart } from "../service.ts"

export default defineImage({
  name: "keepalived",
  summary: "keepalived: virtual addresses",
  from: "base",
  packages: ["keepalived"],
  rpm: { packages: ["keepalived"] },
  prune: perlModules,
  files: { ...extendStart(), "/check_alive.sh": { source: "check_alive.sh", mode: "0755" } },
  health: "pgrep -x keepalived",
})
