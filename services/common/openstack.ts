import { isIPv6 } from "node:net"
import type { OsloConfig } from "../../src/deploy/oslo.ts"
import type { DatabaseDefinition, FileDefinition, ServiceContext, ServiceUser } from "../../src/deploy/service.ts"
import { hostPort } from "../../src/util/host-port.ts"

/** Sections that every OpenStack service has in common; each is a function of the host's context, to be spread into a file. */

type Section = OsloConfig[string]

/** Where programs and units keep what they log; cron's logrotate and the log shipper read it there. */
export const logVolume = "kolla_logs:/var/log/kolla/"

/** `[DEFAULT]` of a service: to its file for the central log, and to the container's own log for people and errors. */
export const logging = ({ site }: ServiceContext, service: string): Section => ({
  debug: site.debug,
  log_dir: `/var/log/kolla/${service}`,
  use_stderr: true,
})

export const database = ({ databaseUrl }: ServiceContext, definition: DatabaseDefinition, pool = 1): Section => ({
  connection: databaseUrl(definition),
  connection_recycle_time: 10,
  max_pool_size: pool,
  max_retries: -1,
})

const memcachePort = 11_211

/** For pymemcache, and what is made of it. */
export const memcacheServers = ({ carriers }: ServiceContext) =>
  carriers("memcached")
    .map(({ address }) => hostPort(address, memcachePort))
    .join(",")

/** For python-memcached, by which oslo.cache's pool and keystonemiddleware ask: it has to be told when an address is IPv6. */
export const pooledMemcacheServers = ({ carriers }: ServiceContext) =>
  carriers("memcached")
    .map(({ address }) => `${isIPv6(address) ? "inet6:" : ""}${hostPort(address, memcachePort)}`)
    .join(",")

/** The broker's, on each host that carries it. */
export const messagePort = 5672

/** oslo.messaging's URL: every broker, so that a client finds one that lives. */
export const transportUrl = ({ carriers, secret }: ServiceContext) =>
  `rabbit://${carriers("rabbitmq")
    .map(({ address }) => `openstack:${secret("rabbitmq_password")}@${hostPort(address, messagePort)}`)
    .join(",")}//`

/**
 * `[oslo_messaging_rabbit]`: quorum queues outlive a broker. Without oslo's queue manager, whose names count processes by what
 * they share in /dev/shm: our APIs are all called uwsgi, each in a container of its own, and took each other's replies.
 */
export const messaging: Section = {
  rabbit_quorum_queue: true,
  rabbit_transient_quorum_queue: true,
  heartbeat_in_pthread: false,
}

/** How a service logs in as itself, for sections that ask nobody but Keystone, such as `[trustee]`. */
export const login = ({ endpoint, secret }: ServiceContext, user: ServiceUser): Section => ({
  auth_type: "password",
  auth_url: endpoint("identity"),
  username: user.name,
  password: secret(user.password),
  project_name: "service",
  user_domain_name: "Default",
  project_domain_name: "Default",
})

/** How it logs in to ask another service, for sections such as `[placement]` or `[neutron]`. */
export const serviceAuth = (context: ServiceContext, user: ServiceUser): Section => ({
  ...login(context, user),
  region_name: context.site.region,
})

/** `[keystone_authtoken]` */
export const authToken = (context: ServiceContext, user: ServiceUser): Section => ({
  ...serviceAuth(context, user),
  www_authenticate_uri: context.endpoint("identity"),
  service_token_roles: "service",
  service_token_roles_required: true,
  memcached_servers: pooledMemcacheServers(context),
})

/** `[service_user]`: its own token goes along with the user's, so that long work outlives the user's token. */
export const serviceUser = (context: ServiceContext, user: ServiceUser): Section => ({
  ...login(context, user),
  send_service_user_token: true,
})

export interface ConfigFile {
  readonly service: string
  /** `nova.conf`; the service's own name unless given. */
  readonly name?: string
  readonly content: (context: ServiceContext) => OsloConfig
}

/** `/etc/<service>/<service>.conf`, readable by the service alone. */
export function configFile({ service, name = `${service}.conf`, content }: ConfigFile): FileDefinition {
  return { name, dest: `/etc/${service}/${name}`, owner: `${service}:${service}`, perm: "0600", content }
}
