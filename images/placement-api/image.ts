import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

export default defineImage({
  name: "placement-api",
  summary: "OpenStack placement: API",
  from: "placement-base",
  files: extendStart("placement"),
  migrates: { config: "/etc/placement/placement.conf", databases: { placement_database: "placement" } },
  health: "healthcheck_curl http://127.0.0.1:8780/",
})
