import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

export default defineImage({
  name: "cinder-api",
  summary: "OpenStack block storage: API",
  from: "cinder-base",
  files: extendStart("cinder"),
  migrates: { config: "/etc/cinder/cinder.conf", databases: { database: "cinder" } },
  health: "healthcheck_curl http://127.0.0.1:8776/",
})
