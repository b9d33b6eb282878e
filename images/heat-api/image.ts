import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

export default defineImage({
  name: "heat-api",
  summary: "OpenStack orchestration: API",
  from: "heat-base",
  files: extendStart("heat"),
  migrates: { config: "/etc/heat/heat.conf", databases: { database: "heat" } },
  health: "healthcheck_curl http://127.0.0.1:8004/healthcheck",
})
