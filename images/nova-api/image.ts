import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

/** The compute API and the metadata API: `nova-api-wsgi` and `nova-metadata-wsgi`. */
export default defineImage({
  name: "nova-api",
  summary: "OpenStack compute: API and metadata API",
  from: "nova-base",
  files: extendStart("nova"),
  migrates: { config: "/etc/nova/nova.conf", databases: { api_database: "nova_api", database: "nova_cell0" } },
  health: "healthcheck_curl http://127.0.0.1:8774/",
})
