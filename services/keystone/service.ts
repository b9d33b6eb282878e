import {
  type DatabaseDefinition,
  defineService,
  type FileDefinition,
  type ServiceContext,
} from "../../src/deploy/service.ts"
import { credentialKeys, fernetKeys } from "../../src/keystone/keys.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { bootstrapTask } from "../common/bootstrap.ts"
import { configFile, database, logging, logVolume, pooledMemcacheServers } from "../common/openstack.ts"
import { uwsgiCommand, uwsgiFile } from "../common/uwsgi.ts"
import { callbackPage, federation } from "./federation.ts"

const port = 5000

const keystoneDatabase: DatabaseDefinition = { name: "keystone", password: "keystone_database_password" }

const config = configFile({
  service: "keystone",
  content: (context) => ({
    DEFAULT: logging(context, "keystone"),
    database: database(context, keystoneDatabase),
    token: { provider: "fernet", expiration: 86_400 },
    fernet_tokens: { max_active_keys: fernetKeys.secrets.length },
    // Its clients do without a server that does not answer; pymemcache's would fail requests until they have given it up.
    cache: { enabled: true, backend: "oslo_cache.memcache_pool", memcache_servers: pooledMemcacheServers(context) },
    federation: federation(context),
    oslo_middleware: { enable_proxy_headers_parsing: true },
  }),
})

/** Keys are the site's secrets, laid down as files: every host has the same ones and none is lost with a host. */
const keyFiles = (kind: string, secrets: readonly string[]): FileDefinition[] =>
  secrets.map((name, place) => ({
    name: `${kind}-key-${place}`,
    dest: `/etc/keystone/${kind}-keys/${place}`,
    owner: "keystone:keystone",
    perm: "0600",
    content: ({ secret }: ServiceContext) => secret(name),
  }))

const keys = [...keyFiles("fernet", fernetKeys.secrets), ...keyFiles("credential", credentialKeys.secrets)]

const [primaryCredentialKey = ""] = credentialKeys.secrets.slice(-1)

const wsgi = {
  service: "keystone",
  name: "keystone-uwsgi.ini",
  wsgi: "/usr/bin/keystone-wsgi-public",
  port,
  workerMb: 110,
}

export default defineService({
  name: "keystone",
  summary: "identity: tokens, users, the catalog",
  group: "control",
  databases: [keystoneDatabase],
  catalog: [{ type: "identity", name: "keystone", description: "OpenStack Identity", container: "keystone", port }],
  secrets: {
    keystone_database_password: "password",
    keystone_admin_password: "password",
    /** Of the fingerprints of passwords that service users carry. */
    keystone_mark_key: "password",
    ...Object.fromEntries([...fernetKeys.secrets, ...credentialKeys.secrets].map((name) => [name, "fernet" as const])),
  },
  tasks: [
    bootstrapTask({ name: "bootstrap_keystone", image: "keystone", files: [config], databases: ["keystone"] }),
    {
      name: "bootstrap_keystone_admin",
      image: "keystone",
      command: () => "kolla_keystone_bootstrap /etc/keystone/bootstrap.env",
      files: [
        config,
        ...keys,
        {
          name: "bootstrap.env",
          dest: "/etc/keystone/bootstrap.env",
          owner: "keystone:keystone",
          perm: "0600",
          content: bootstrapVariables,
        },
      ],
      needs: ["task/bootstrap_keystone"],
      perImage: false,
      fingerprint: (context) => [bootstrapVariables(context)],
    },
    {
      // Once all have the new keys: what the one that retires next has encrypted is encrypted by the primary.
      name: credentialKeys.migratedBy,
      image: "keystone",
      command: () => "keystone-manage credential_migrate",
      files: [config, ...keys],
      permissions: [{ path: "/etc/keystone/credential-keys", owner: "keystone:keystone" }],
      needs: ["container/keystone"],
      perImage: false,
      rowsOf: { database: keystoneDatabase.name, table: "credential" },
      fingerprint: ({ secret }) => [secret(primaryCredentialKey)],
    },
  ],
  containers: [
    {
      name: "keystone",
      image: "keystone",
      each: true,
      command: () => uwsgiCommand(wsgi),
      files: [config, callbackPage, uwsgiFile(wsgi), ...keys],
      volumes: [logVolume],
      needs: ["task/bootstrap_keystone", "container/memcached"],
      healthy: ({ host }) => ["healthcheck_curl", `http://${hostPort(host.address, port)}/v3`],
    },
  ],
})

/** Only who may come in: Keystone's own entry in the catalog is converged like all others, over its API. */
function bootstrapVariables(context: ServiceContext): string {
  const variables = {
    USERNAME: "admin",
    PASSWORD: context.secret("keystone_admin_password"),
    PROJECT_NAME: "admin",
    ROLE_NAME: "admin",
  }
  return Object.entries(variables)
    .map(([key, value]) => `OS_BOOTSTRAP_${key}='${value}'\n`)
    .join("")
}
