import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "ovn-nb-db-server",
  summary: "OVN: database of what neutron wants",
  from: "ovn-base",
  files: { "/usr/local/bin/start-nb-db-server": { source: "start-nb-db-server", mode: "0755" } },
  health: "ovn-appctl -T5 -t /run/ovn/ovnnb_db.ctl version",
})
