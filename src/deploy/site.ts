import Type, { type Static, type TSchema } from "typebox"
import { Value } from "typebox/value"

/**
 * What the operator decides about a cloud: the type of bifrost.yaml. `description` is for editors and for
 * docs/reference/site.md; `kolla` names the same decision in kolla-ansible's globals.yml, where it has one; `examples` are for
 * what has no default.
 */
const about = (description: string, kolla?: string) => ({ description, ...(kolla !== undefined && { kolla }) })
const group = { additionalProperties: false } as const

const address = (example: string, description: string, kolla: string) =>
  Type.Optional(Type.String({ examples: [example], ...about(description, kolla) }))
const flag = (value: boolean, description: string, kolla?: string) =>
  Type.Boolean({ default: value, ...about(description, kolla) })
const word = (value: string, description: string, kolla?: string) =>
  Type.String({ default: value, minLength: 1, ...about(description, kolla) })
const count = (description: string, kolla?: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: 1024, examples: [4], ...about(description, kolla) }))
const choice = <const T extends string[]>(values: [...T], value: T[number], description: string, kolla?: string) =>
  Type.Enum(values, { default: value, ...about(description, kolla) })
const named = <T extends TSchema>(of: T, examples: unknown[], description: string) =>
  Type.Record(Type.String(), of, { default: {}, examples, ...about(description) })
/** A part that is always there: what the operator leaves out of it has its default. */
const part = <T extends Record<string, TSchema>>(properties: T, description: string) =>
  Type.Object(properties, { ...group, default: {}, ...about(description) })

/** How a host's address in a network is found: that of an interface, the one inside a network, or both. */
const network = (example: unknown, description: string, kolla?: string) =>
  Type.Optional(
    Type.Object(
      {
        interface: Type.Optional(Type.String({ minLength: 1, ...about("Name of the hosts' interface, e.g. eth0.") })),
        cidr: Type.Optional(
          Type.String(about("The network, IPv4 or IPv6, e.g. 10.0.0.0/24: the hosts' addresses inside it are used.")),
        ),
      },
      { ...group, examples: [example], ...about(description, kolla) },
    ),
  )

const physicalNetwork = Type.Object(
  {
    bridge: Type.Optional(Type.String({ minLength: 1, ...about("Its Open vSwitch bridge.", "neutron_bridge_name") })),
    interface: Type.Optional(
      Type.String({
        minLength: 1,
        ...about(
          "The interface that becomes the bridge's port; addresses that it has move to the bridge. Without one the network ends at the host.",
          "neutron_external_interface",
        ),
      }),
    ),
  },
  group,
)

const networks = part(
  {
    management: network(
      { cidr: "10.0.0.0/24" },
      "Where the deployer reaches the hosts and they reach each other: on each, services listen at the address that the inventory has. Unless given, the network of that address.",
      "network_interface",
    ),
    api: network(
      { interface: "eth0" },
      "The network of the internal VIP; services behind it stay at the addresses that the inventory has. Unless given: management.",
      "api_interface",
    ),
    external: network(
      { cidr: "203.0.113.0/24" },
      "The network of the external VIP. Unless given: api.",
      "kolla_external_vip_interface",
    ),
    tunnel: network(
      { interface: "eth2" },
      "Between hypervisors: Geneve or VXLAN. Unless given: management. The userspace datapath needs one that a provider network's interface is in.",
      "tunnel_interface",
    ),
    storage: network(
      { interface: "eth3" },
      "Volumes over iSCSI: where storage hosts export them. NFS and Ceph are reached by whatever route leads to them. Unless given: management.",
      "storage_interface",
    ),
    provider: Type.Optional(
      Type.Record(Type.String(), physicalNetwork, {
        examples: [{ physnet1: { bridge: "br-ex", interface: "eth1" } }],
        ...about("Neutron's physical networks by name. Unless given: physnet1 on br-ex, which ends at the host."),
      }),
    ),
  },
  "Networks by role.",
)

/** Defaults are not filled in behind names that the operator gives. */
const overrides = Type.Object({ networks: Type.Optional(networks) }, group)

const service = <T extends Record<string, TSchema>>(name: string, project: string, own: T) =>
  part(
    {
      enabled: flag(true, `Whether the cloud has ${project}.`, `enable_${name}`),
      workers: count("Processes of each of its API services; unless given, the site's.", `${name}_api_workers`),
      ...own,
    },
    `${project}.`,
  )

const rbd = (pool: string, user: string, kolla: string, what = "An external Ceph cluster.") =>
  Type.Optional(
    Type.Object(
      {
        pool: word(pool, "Pool of the external Ceph cluster.", `ceph_${kolla}_pool_name`),
        user: word(
          user,
          "Its client; ceph.conf and the client's keyring go into the service's override folder.",
          `ceph_${kolla}_user`,
        ),
      },
      { ...group, ...about(what) },
    ),
  )
const nfsShare = { pattern: "^.+:/.*$" }

const services = part(
  {
    keystone: service("keystone", "Keystone (identity)", {}),
    glance: service("glance", "Glance (images)", {
      backends: Type.Object(
        {
          file: Type.Optional(
            Type.Object(
              {},
              { ...group, ...about("A volume on the host that carries glance_api.", "glance_backend_file") },
            ),
          ),
          rbd: rbd("images", "glance", "glance"),
          s3: Type.Optional(
            Type.Object(
              {
                url: Type.String({ minLength: 1, ...about("Of the object store.", "glance_backend_s3_url") }),
                bucket: word("glance", "Bucket; it is made if absent.", "glance_backend_s3_bucket"),
              },
              {
                ...group,
                ...about(
                  "Objects by S3's protocol. Its keys are secrets that you import: glance_backend_s3_access_key, glance_backend_s3_secret_key.",
                  "glance_backend_s3",
                ),
              },
            ),
          ),
          swift: Type.Optional(
            Type.Object(
              { container: word("glance", "Container; it is made if absent.") },
              {
                ...group,
                ...about(
                  "The cloud's own object store: whatever stands in the catalog as object-store.",
                  "glance_backend_swift",
                ),
              },
            ),
          ),
        },
        { ...group, default: { file: {} }, ...about("Where images are kept; the first one by default.") },
      ),
    }),
    placement: service("placement", "Placement", {}),
    nova: service("nova", "Nova (compute)", {
      virt_type: choice(
        ["kvm", "qemu"],
        "kvm",
        "How instances run: by the CPU (kvm), or emulated where it cannot (qemu).",
        "nova_compute_virt_type",
      ),
      cpu_mode: Type.Optional(
        Type.Enum(["host-model", "host-passthrough", "none"], {
          examples: ["host-passthrough"],
          ...about(
            "Which CPU instances see. Unless given: host-model with kvm, none with qemu.",
            "nova_libvirt_cpu_mode",
          ),
        }),
      ),
      rbd: rbd(
        "vms",
        "cinder",
        "nova",
        "Instances' own disks in an external Ceph cluster. Unless given: files on their hypervisor.",
      ),
    }),
    neutron: service("neutron", "Neutron (networks)", {
      plugin: choice(
        ["ovn", "openvswitch"],
        "ovn",
        "What carries instances' networks: ML2 with OVN, or ML2 with agents around Open vSwitch. Not to be changed under networks that are there.",
        "neutron_plugin_agent",
      ),
      datapath: choice(
        ["kernel", "userspace"],
        "kernel",
        "Open vSwitch's datapath: the kernel's module, or userspace (slower) where the host lacks the module.",
      ),
    }),
    cinder: service("cinder", "Cinder (volumes)", {
      backends: Type.Object(
        {
          lvm: Type.Optional(
            Type.Object(
              { volume_group: word("cinder-volumes", "LVM volume group on the storage hosts.", "cinder_volume_group") },
              { ...group, ...about("Logical volumes over iSCSI.", "enable_cinder_backend_lvm") },
            ),
          ),
          nfs: Type.Optional(
            Type.Object(
              {
                shares: Type.Array(Type.String({ ...nfsShare, ...about("SERVER:/PATH") }), {
                  minItems: 1,
                  ...about("The shares."),
                }),
              },
              { ...group, ...about("Files on NFS shares.", "enable_cinder_backend_nfs") },
            ),
          ),
          rbd: rbd("volumes", "cinder", "cinder"),
        },
        { ...group, default: { lvm: {} }, ...about("Where volumes are kept; of several, a volume's type chooses.") },
      ),
      backup: Type.Optional(
        Type.Object(
          {
            nfs: Type.Optional(
              Type.Object(
                { share: Type.String({ ...nfsShare, ...about("SERVER:/PATH", "cinder_backup_share") }) },
                { ...group, ...about("Files on an NFS share.") },
              ),
            ),
            rbd: rbd("backups", "cinder-backup", "cinder_backup"),
          },
          {
            ...group,
            examples: [{ rbd: {} }],
            ...about(
              "Where backups of volumes are kept, one of these. Unless given there are none.",
              "cinder_backup_driver",
            ),
          },
        ),
      ),
    }),
    heat: service("heat", "Heat (orchestration)", {}),
    horizon: service("horizon", "Horizon (dashboard)", {}),
  },
  "Which services the cloud has, and the options of each. Every other option goes into override files.",
)

export const siteSchema = Type.Object(
  {
    region: word("RegionOne", "The region's name in Keystone's catalog.", "openstack_region_name"),
    debug: flag(false, "Let all services log at the level DEBUG.", "openstack_logging_debug"),
    internal_vip_address: address(
      "10.0.0.250",
      "Where services and administrators reach the APIs. Unless given: the first control host's address, without fail-over.",
      "kolla_internal_vip_address",
    ),
    external_vip_address: address(
      "203.0.113.250",
      "Where users reach the APIs and the dashboard. Unless given: the internal one.",
      "kolla_external_vip_address",
    ),
    internal_fqdn: address(
      "cloud.internal.example.org",
      "Name of the internal VIP: it stands in services' URLs, and in each host's /etc/hosts.",
      "kolla_internal_fqdn",
    ),
    external_fqdn: address(
      "cloud.example.org",
      "Name of the external VIP: it stands in users' URLs. Users' name servers have to know it.",
      "kolla_external_fqdn",
    ),
    central_logging: flag(
      false,
      "Ship all services' logs to where config/logs/rsyslog/destinations.conf says.",
      "enable_central_logging",
    ),
    valkey: flag(
      false,
      "Valkey with Sentinel on the control hosts, for what coordinates itself through it.",
      "enable_valkey",
    ),
    tls: part(
      {
        internal: flag(false, "HTTPS on the internal VIP.", "kolla_enable_tls_internal"),
        external: flag(false, "HTTPS on the external VIP.", "kolla_enable_tls_external"),
      },
      "HTTPS in front of the APIs. Certificates are the site's own unless they are in certificates/ (docs/tls.md).",
    ),
    networks,
    groups: named(
      overrides,
      [{ compute: { networks: { tunnel: { interface: "ens3" } } } }],
      "What differs for the hosts of a group, by its name.",
    ),
    hosts: named(
      overrides,
      [{ node1: { networks: { storage: { cidr: "10.2.0.0/24" } } } }],
      "What differs for one host, by its name; wins over its groups.",
    ),
    workers: count(
      "Processes of each API service. Unless given: as many as the host's CPUs and memory bear.",
      "openstack_service_workers",
    ),
    images: part(
      {
        registry: Type.Optional(
          Type.String({
            minLength: 1,
            examples: ["registry.example.org:5000"],
            ...about(
              "HOST[:PORT] of the registry that hosts pull from. Unless given: the provisioner's.",
              "docker_registry",
            ),
          }),
        ),
        namespace: word("bifrost", "Before images' names, in a registry of one's own.", "docker_namespace"),
        tag: word("2025.1", "Tag of images that images.lock does not name.", "openstack_tag"),
      },
      "Where container images come from.",
    ),
    strict: flag(
      false,
      "Refuse to deploy while an override file or option is used by nothing or is not known to its service.",
    ),
    services,
  },
  {
    ...group,
    title: "bifrost.yaml",
    description: "The site file of bifrost-ts: what the operator decides about a cloud.",
  },
)

/** All decisions, with defaults where the operator made none. */
export type SiteConfig = Static<typeof siteSchema>
export type NetworkRole = Exclude<keyof SiteConfig["networks"], "provider">
export type CoreService = keyof SiteConfig["services"]

type Sparse<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: Sparse<T[K]> } : T
/** What a site file may hold: any part of it. */
export type SiteFile = Sparse<SiteConfig>

export function resolveSite(file: SiteFile = {}): SiteConfig {
  return Value.Default(siteSchema, structuredClone(file)) as SiteConfig
}

export const defaultSite = resolveSite()
