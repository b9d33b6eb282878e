import { defineImage } from "../../src/build/containers/definition.ts"
import { hostDaemons, identities } from "../prune.ts"
import { extendStart } from "../service.ts"

/** Rotates the logs of all services' volume; root, since each service writes its own as its own user. */
export default defineImage({
  name: "cron",
  summary: "cron and logrotate, for the services' logs",
  from: "base",
  packages: ["cron", "logrotate"],
  rpm: { missing: "its cron is started by another name and options than service definitions have" },
  prune: [...hostDaemons, ...identities, "/etc/cron.*/*", "/etc/logrotate.d/*"],
  files: {
    ...extendStart(),
    "/etc/logrotate.conf": { source: "logrotate.conf" },
    "/etc/cron.daily/logrotate": { source: "logrotate", mode: "0755" },
  },
  health: "pgrep -x cron",
})
