import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "ovn-sb-db-server",
  summary: "OVN: database of what hosts do",
  from: "ovn-base",
  files: { "/usr/local/bin/start-sb-db-server": { source: "start-sb-db-server", mode: "0755" } },
  health: "ovn-appctl -T5 -t /run/ovn/ovnsb_db.ctl version",
})
