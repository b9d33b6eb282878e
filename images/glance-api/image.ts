import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

export default defineImage({
  name: "glance-api",
  summary: "OpenStack images: API",
  from: "glance-base",
  files: extendStart("glance"),
  migrates: { config: "/etc/glance/glance-api.conf", databases: { database: "glance" } },
  health: "healthcheck_curl http://127.0.0.1:9292/healthcheck",
})
