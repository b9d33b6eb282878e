import Type, { type TSchema } from "typebox"
import { about, choice, count, flag, group, part, word } from "./words.ts"

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

export const services = part(
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
