import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

/** `neutron-api` under uWSGI, `neutron-rpc-server` and `neutron-periodic-workers`, each in a container of its own. */
export default defineImage({
  name: "neutron-server",
  summary: "OpenStack networking: API, RPC server and periodic workers",
  from: "neutron-base",
  files: extendStart("neutron"),
  migrates: { config: "/etc/neutron/neutron.conf", databases: { database: "neutron" } },
  health: "healthcheck_curl http://127.0.0.1:9696/",
})
