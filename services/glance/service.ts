import { type DatabaseDefinition, defineService, type ServiceUser } from "../../src/deploy/service.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { bootstrapTask } from "../common/bootstrap.ts"
import { cephFiles } from "../common/ceph.ts"
import { authToken, configFile, database, logging, logVolume } from "../common/openstack.ts"
import { uwsgiCommand, uwsgiFile } from "../common/uwsgi.ts"
import { s3Keys, storeOptions, storeSections, swiftFiles } from "./stores.ts"

const port = 9292
const glanceDatabase: DatabaseDefinition = { name: "glance", password: "glance_database_password" }
const user: ServiceUser = { name: "glance", password: "glance_keystone_password" }

const config = configFile({
  service: "glance",
  name: "glance-api.conf",
  content: (context) => ({
    DEFAULT: {
      ...logging(context, "glance"),
      ...storeOptions(context.site),
      // Large uploads go through one worker; the store is shared by all.
      show_multiple_locations: false,
    },
    database: database(context, glanceDatabase),
    keystone_authtoken: authToken(context, user),
    paste_deploy: { flavor: "keystone" },
    glance_store: { default_backend: Object.keys(context.site.services.glance.backends)[0] },
    ...storeSections(context),
    os_glance_staging_store: { filesystem_store_datadir: "/var/lib/glance/staging/" },
    os_glance_tasks_store: { filesystem_store_datadir: "/var/lib/glance/tasks/" },
    oslo_middleware: { enable_proxy_headers_parsing: true },
  }),
})

const wsgi = {
  service: "glance",
  name: "glance-api-uwsgi.ini",
  wsgi: "/usr/bin/glance-wsgi-api",
  port,
  workerMb: 140,
}

export default defineService({
  name: "glance",
  summary: "images that instances boot from",
  group: "control",
  databases: [glanceDatabase],
  user,
  catalog: [{ type: "image", name: "glance", description: "OpenStack Image", container: "glance_api", port }],
  secrets: {
    glance_database_password: "password",
    glance_keystone_password: "password",
    [s3Keys.access]: "given",
    [s3Keys.secret]: "given",
  },
  tasks: [bootstrapTask({ name: "bootstrap_glance", image: "glance-api", files: [config], databases: ["glance"] })],
  containers: [
    {
      name: "glance_api",
      image: "glance-api",
      command: () => uwsgiCommand(wsgi),
      files: [config, uwsgiFile(wsgi)],
      siteFiles: ({ site }) => [
        ...cephFiles("glance", "service", site.services.glance.backends.rbd),
        ...swiftFiles(user, site),
      ],
      volumes: [logVolume, "glance:/var/lib/glance/"],
      permissions: [{ path: "/var/lib/glance", owner: "glance:glance" }],
      needs: ["task/bootstrap_glance", "container/memcached"],
      healthy: ({ host }) => ["healthcheck_curl", `http://${hostPort(host.address, port)}/versions`],
    },
  ],
})
