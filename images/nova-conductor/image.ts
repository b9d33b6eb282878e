import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

export default defineImage({
  name: "nova-conductor",
  summary: "OpenStack compute: database access of a cell",
  from: "nova-base",
  files: extendStart("nova"),
  migrates: {
    config: "/etc/nova/nova.conf",
    databases: { api_database: "nova_api", database: "nova" },
    after: "nova-api",
  },
  health: "healthcheck_port nova-conductor 5672 5671",
})
