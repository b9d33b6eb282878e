import type { OsloConfig } from "../../src/deploy/oslo.ts"
import type { FileDefinition, ServiceContext, ServiceUser } from "../../src/deploy/service.ts"
import type { SiteConfig } from "../../src/deploy/site.ts"
import { cephConfPath } from "../common/ceph.ts"

type Section = OsloConfig[string]
type Backends = SiteConfig["services"]["glance"]["backends"]

/** The keys to an object store of someone else's. */
export const s3Keys = { access: "glance_backend_s3_access_key", secret: "glance_backend_s3_secret_key" } as const

const swiftReferences = "/etc/glance/glance-swift.conf"
const swiftReference = "internal"

type SectionOf = {
  readonly [Kind in keyof Backends]-?: (options: NonNullable<Backends[Kind]>, context: ServiceContext) => Section
}

/** Kind of store → its section in glance-api.conf, which is called like it. */
const sectionOf: SectionOf = {
  file: () => ({ filesystem_store_datadir: "/var/lib/glance/images/" }),
  rbd: ({ user, pool }) => ({ rbd_store_user: user, rbd_store_pool: pool, rbd_store_ceph_conf: cephConfPath }),
  s3: ({ url, bucket }, { secret }) => ({
    s3_store_host: url,
    s3_store_bucket: bucket,
    s3_store_create_bucket_on_put: true,
    s3_store_access_key: secret(s3Keys.access),
    s3_store_secret_key: secret(s3Keys.secret),
  }),
  swift: ({ container }) => ({
    swift_store_config_file: swiftReferences,
    default_swift_reference: swiftReference,
    swift_store_container: container,
    swift_store_create_container_on_put: true,
    swift_store_endpoint_type: "internalURL",
  }),
}

const kindsOf = ({ services: { glance } }: SiteConfig) => Object.keys(glance.backends) as (keyof Backends)[]

/** Stores of the site file, in its order → their sections in glance-api.conf. */
export function storeSections(context: ServiceContext): Readonly<Record<string, Section>> {
  const { backends } = context.site.services.glance
  // Options and section are of one kind by their key, which TypeScript cannot tell in a loop.
  return Object.fromEntries(
    kindsOf(context.site).map((kind) => [kind, sectionOf[kind](backends[kind] as never, context)]),
  )
}

/**
 * `[DEFAULT]` of the stores. Where an image is in Ceph is shown: without that nova and cinder would copy it instead of
 * cloning it in the cluster (https://docs.ceph.com/en/reef/rbd/rbd-openstack/).
 */
export function storeOptions(site: SiteConfig): Section {
  return {
    enabled_backends: kindsOf(site)
      .map((kind) => `${kind}:${kind}`)
      .join(","),
    ...(site.services.glance.backends.rbd && { show_image_direct_url: true }),
  }
}

/** Whom Glance is to Swift: images of all projects are in one account, that of the services' project. */
export const swiftFiles = (user: ServiceUser, { services: { glance } }: SiteConfig): readonly FileDefinition[] =>
  glance.backends.swift ? [swiftAccount(user)] : []

const swiftAccount = (user: ServiceUser): FileDefinition => ({
  name: "glance-swift.conf",
  dest: swiftReferences,
  owner: "glance:glance",
  perm: "0600",
  content: ({ secret, endpoint }) => ({
    [swiftReference]: {
      auth_version: "3",
      auth_address: `${endpoint("identity")}/v3`,
      user: `service:${user.name}`,
      key: secret(user.password),
      user_domain_id: "default",
      project_domain_id: "default",
    },
  }),
})
