import { type DatabaseDefinition, defineService, type ServiceUser } from "../../src/deploy/service.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { bootstrapTask } from "../common/bootstrap.ts"
import { authToken, configFile, database, logging, logVolume } from "../common/openstack.ts"
import { uwsgiCommand, uwsgiFile } from "../common/uwsgi.ts"

const port = 8780
const placementDatabase: DatabaseDefinition = { name: "placement", password: "placement_database_password" }
const user: ServiceUser = { name: "placement", password: "placement_keystone_password" }

const config = configFile({
  service: "placement",
  content: (context) => ({
    DEFAULT: logging(context, "placement"),
    placement_database: database(context, placementDatabase),
    keystone_authtoken: authToken(context, user),
    oslo_middleware: { enable_proxy_headers_parsing: true },
  }),
})

const wsgi = {
  service: "placement",
  name: "placement-api-uwsgi.ini",
  wsgi: "/usr/bin/placement-api",
  port,
  workerMb: 90,
}

export default defineService({
  name: "placement",
  summary: "what hypervisors have, and what of it is taken",
  group: "control",
  databases: [placementDatabase],
  user,
  catalog: [
    { type: "placement", name: "placement", description: "OpenStack Placement", container: "placement_api", port },
  ],
  secrets: { placement_database_password: "password", placement_keystone_password: "password" },
  tasks: [
    bootstrapTask({ name: "bootstrap_placement", image: "placement-api", files: [config], databases: ["placement"] }),
  ],
  containers: [
    {
      name: "placement_api",
      image: "placement-api",
      command: () => uwsgiCommand(wsgi),
      files: [config, uwsgiFile(wsgi)],
      volumes: [logVolume],
      needs: ["task/bootstrap_placement", "container/memcached"],
      healthy: ({ host }) => ["healthcheck_curl", `http://${hostPort(host.address, port)}/`],
    },
  ],
})
