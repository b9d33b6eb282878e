import type { KernelFeature } from "../../src/deploy/kernel.ts"
import {
  type ContainerDefinition,
  type DatabaseDefinition,
  defineService,
  type ServiceUser,
} from "../../src/deploy/service.ts"
import type { SiteConfig } from "../../src/deploy/site.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { bootstrapTask } from "../common/bootstrap.ts"
import { cephFiles } from "../common/ceph.ts"
import { iscsiNeeded, iscsiVolumes, volumesByIscsi } from "../common/iscsi.ts"
import {
  authToken,
  configFile,
  database,
  logging,
  logVolume,
  messaging,
  serviceAuth,
  serviceUser,
  transportUrl,
} from "../common/openstack.ts"
import { uwsgiCommand, uwsgiFile } from "../common/uwsgi.ts"
import { backendSections, backupOptions, enabledBackends, nfsSharesFile } from "./backends.ts"

const port = 8776
const cinderDatabase: DatabaseDefinition = { name: "cinder", password: "cinder_database_password" }
const user: ServiceUser = { name: "cinder", password: "cinder_keystone_password" }

const config = configFile({
  service: "cinder",
  content: (context) => ({
    DEFAULT: {
      ...logging(context, "cinder"),
      transport_url: transportUrl(context),
      my_ip: context.host.address,
      auth_strategy: "keystone",
      glance_api_servers: context.endpoint("image"),
      enabled_backends: enabledBackends(context).join(","),
      volumes_dir: "/var/lib/cinder/volumes",
      // A volume that cannot be zeroed in time blocks the service: thin ones are empty by themselves.
      volume_clear: "none",
      ...backupOptions(context),
    },
    database: database(context, cinderDatabase, 5),
    keystone_authtoken: authToken(context, user),
    service_user: serviceUser(context, user),
    nova: { ...serviceAuth(context, { name: "nova", password: "nova_keystone_password" }), interface: "internal" },
    oslo_concurrency: { lock_path: "/var/lib/cinder/tmp" },
    oslo_messaging_rabbit: messaging,
    oslo_middleware: { enable_proxy_headers_parsing: true },
    ...backendSections(context),
  }),
})

const wsgi = {
  service: "cinder",
  name: "cinder-api-uwsgi.ini",
  wsgi: "/usr/bin/cinder-wsgi",
  port,
  workerMb: 150,
}

const agentNeeds = ["task/bootstrap_cinder", "container/rabbitmq", "catalog/cinder"]

const agent = (name: string, binary: string): ContainerDefinition => ({
  name,
  image: binary,
  command: () => `${binary} --config-file /etc/cinder/cinder.conf`,
  files: [config],
  volumes: [logVolume],
  needs: agentNeeds,
  healthy: () => ["healthcheck_port", binary, "5672"],
})

/** Volumes are attached on the host: iSCSI sessions, device nodes and mounts are the host's own. */
const attaches = {
  capabilities: ["SYS_ADMIN", "NET_ADMIN", "SYS_MODULE"],
  allDevices: true,
  namespaces: ["ipc"],
  unconfined: true,
} as const
const attachVolumes = [logVolume, "/dev/:/dev/", "/run:/run:shared", "cinder:/var/lib/cinder"]

/** What their backends mount and map. */
const kernel = ({ services: { cinder } }: SiteConfig): KernelFeature[] => [
  ...(cinder.backends.lvm ? (["dm_mod", "dm_thin_pool"] as const) : []),
  ...(cinder.backends.nfs ? (["nfs"] as const) : []),
]

export default defineService({
  name: "cinder",
  summary: "volumes",
  group: "control",
  databases: [cinderDatabase],
  user,
  catalog: [
    {
      type: "volumev3",
      name: "cinderv3",
      description: "OpenStack Block Storage",
      container: "cinder_api",
      port,
      path: "/v3/%(project_id)s",
    },
  ],
  secrets: {
    cinder_database_password: "password",
    cinder_keystone_password: "password",
    cinder_rbd_secret_uuid: "uuid",
  },
  tasks: [bootstrapTask({ name: "bootstrap_cinder", image: "cinder-api", files: [config], databases: ["cinder"] })],
  containers: [
    {
      name: "cinder_api",
      image: "cinder-api",
      command: () => uwsgiCommand(wsgi),
      files: [config, uwsgiFile(wsgi)],
      volumes: [logVolume],
      needs: ["task/bootstrap_cinder", "container/memcached", "container/rabbitmq"],
      healthy: ({ host }) => ["healthcheck_curl", `http://${hostPort(host.address, port)}/`],
    },
    agent("cinder_scheduler", "cinder-scheduler"),
    {
      ...agent("cinder_volume", "cinder-volume"),
      group: "storage",
      siteFiles: ({ site }) => [
        ...nfsSharesFile(site),
        ...cephFiles("cinder", "container", site.services.cinder.backends.rbd),
      ],
      kernel,
      access: attaches,
      volumes: attachVolumes,
      siteVolumes: (site) => (volumesByIscsi(site) ? iscsiVolumes : []),
      needs: [...agentNeeds, iscsiNeeded, "here/container/tgtd"],
      permissions: [{ path: "/var/lib/cinder", owner: "cinder:cinder" }],
    },
    {
      ...agent("cinder_backup", "cinder-backup"),
      group: "storage",
      enabled: ({ services: { cinder } }) => cinder.backup !== undefined,
      // A volume is read as the client that its backend has.
      siteFiles: ({ site: { services } }) =>
        cephFiles("cinder", "container", services.cinder.backends.rbd, services.cinder.backup?.rbd),
      kernel: ({ services: { cinder } }) => (cinder.backends.nfs || cinder.backup?.nfs ? ["nfs"] : []),
      access: attaches,
      volumes: attachVolumes,
      siteVolumes: (site) => (volumesByIscsi(site) ? iscsiVolumes : []),
      needs: [...agentNeeds, iscsiNeeded],
      permissions: [{ path: "/var/lib/cinder", owner: "cinder:cinder" }],
    },
  ],
})
