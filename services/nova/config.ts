import { originOf } from "../../src/deploy/entrance.ts"
import type { OsloConfig } from "../../src/deploy/oslo.ts"
import { type DatabaseDefinition, type ServiceContext, type ServiceUser, workers } from "../../src/deploy/service.ts"
import { cephConfPath } from "../common/ceph.ts"
import {
  authToken,
  configFile,
  database,
  logging,
  memcacheServers,
  messaging,
  serviceAuth,
  serviceUser,
  transportUrl,
} from "../common/openstack.ts"
import { ovsdb } from "../common/ovs.ts"

export const ports = { api: 8774, metadata: 8775, novncproxy: 6080 } as const

const password = "nova_database_password"
export const databases = {
  api: { name: "nova_api", password: "nova_api_database_password" },
  /** Instances that found no host live in cell 0. */
  cell0: { name: "nova_cell0", user: "nova", password },
  cell1: { name: "nova", password },
} as const satisfies Record<string, DatabaseDefinition>

export const user: ServiceUser = { name: "nova", password: "nova_keystone_password" }

/** What hypervisors and the control plane have in common. */
const common = (context: ServiceContext) => ({
  DEFAULT: {
    ...logging(context, "nova"),
    transport_url: transportUrl(context),
    host: context.host.name,
    my_ip: context.host.address,
    state_path: "/var/lib/nova",
  },
  cache: { enabled: true, backend: "dogpile.cache.pymemcache", memcache_servers: memcacheServers(context) },
  // Without Cinder nova asks the catalog for it only when someone attaches a volume.
  cinder: { catalog_info: "volumev3:cinderv3:internalURL", os_region_name: context.site.region },
  glance: { ...serviceAuth(context, user), num_retries: 3 },
  keystone_authtoken: authToken(context, user),
  neutron: serviceAuth(context, user),
  oslo_concurrency: { lock_path: "/var/lib/nova/tmp" },
  oslo_messaging_rabbit: messaging,
  oslo_middleware: { enable_proxy_headers_parsing: true },
  placement: serviceAuth(context, user),
  service_user: serviceUser(context, user),
})

/** The control plane's: with databases, which a hypervisor must not reach. */
const control = (context: ServiceContext, cell: DatabaseDefinition) => {
  const base = common(context)
  const processes = workers(context.facts, 250)
  return {
    ...base,
    api_database: database(context, databases.api, 5),
    database: database(context, cell, 5),
    conductor: { workers: processes },
    neutron: {
      ...base.neutron,
      service_metadata_proxy: true,
      metadata_proxy_shared_secret: context.secret("metadata_secret"),
    },
    scheduler: { workers: processes },
    vnc: { novncproxy_host: context.host.address, novncproxy_port: ports.novncproxy },
  }
}

/** `[libvirt]` where instances' own disks are in Ceph. */
const disksInCeph = ({ site, secret }: ServiceContext): OsloConfig[string] => {
  const { rbd } = site.services.nova
  if (!rbd) return {}
  return {
    images_type: "rbd",
    images_rbd_pool: rbd.pool,
    images_rbd_ceph_conf: cephConfPath,
    rbd_user: rbd.user,
    rbd_secret_uuid: secret("rbd_secret_uuid"),
    disk_cachemodes: "network=writeback",
    hw_disk_discard: "unmap",
  }
}

const nova = (content: Parameters<typeof configFile>[0]["content"]) => configFile({ service: "nova", content })

export const controlConfig = nova((context) => control(context, databases.cell1))
export const cell0Config = nova((context) => control(context, databases.cell0))

export const computeConfig = nova((context) => {
  const { site, host, carriers } = context
  const { virt_type, cpu_mode } = site.services.nova
  const base = common(context)
  const [proxy] = carriers("nova_novncproxy")
  const consoles = originOf(site, "public", proxy?.address ?? "")
  return {
    ...base,
    DEFAULT: {
      ...base.DEFAULT,
      compute_driver: "libvirt.LibvirtDriver",
      instances_path: "/var/lib/nova/instances",
    },
    libvirt: {
      virt_type,
      cpu_mode: cpu_mode ?? (virt_type === "kvm" ? "host-model" : "none"),
      connection_uri: "qemu:///system",
      ...disksInCeph(context),
    },
    os_vif_ovs: { ovsdb_connection: ovsdb },
    vnc: {
      enabled: true,
      server_listen: host.address,
      server_proxyclient_address: host.address,
      novncproxy_base_url: `${consoles}:${ports.novncproxy}/vnc_lite.html`,
    },
  }
})
