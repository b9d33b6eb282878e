import type { OsloConfig } from "../../src/deploy/oslo.ts"
import type { FileDefinition, ServiceContext } from "../../src/deploy/service.ts"
import type { SiteConfig } from "../../src/deploy/site.ts"
import { cephConfPath } from "../common/ceph.ts"
import { targetAddress } from "../common/iscsi.ts"

type Section = OsloConfig[string]

/** Backends of the site file, in its order → their sections in cinder.conf, with kolla-ansible's names. */
function sectionsOf(context: ServiceContext): (readonly [string, Section])[] {
  const { site, secret } = context
  const { backends } = site.services.cinder
  const { lvm, nfs, rbd } = backends
  const sections: Readonly<Record<keyof typeof backends, readonly [string, Section] | undefined>> = {
    lvm: lvm && [
      "lvm-1",
      {
        volume_backend_name: "lvm-1",
        volume_driver: "cinder.volume.drivers.lvm.LVMVolumeDriver",
        volume_group: lvm.volume_group,
        target_helper: "tgtadm",
        target_protocol: "iscsi",
        target_ip_address: targetAddress(context),
      },
    ],
    nfs: nfs && [
      "nfs-1",
      {
        volume_backend_name: "nfs-1",
        volume_driver: "cinder.volume.drivers.nfs.NfsDriver",
        nfs_shares_config: nfsShares,
        nfs_snapshot_support: true,
        nas_secure_file_permissions: false,
        nas_secure_file_operations: false,
      },
    ],
    rbd: rbd && [
      "rbd-1",
      {
        volume_backend_name: "rbd-1",
        volume_driver: "cinder.volume.drivers.rbd.RBDDriver",
        rbd_pool: rbd.pool,
        rbd_user: rbd.user,
        rbd_ceph_conf: cephConfPath,
        rbd_secret_uuid: secret("cinder_rbd_secret_uuid"),
        rados_connect_timeout: 5,
        report_discard_supported: true,
      },
    ],
  }
  return (Object.keys(backends) as (keyof typeof backends)[]).flatMap((name) =>
    sections[name] ? [sections[name]] : [],
  )
}

const nfsShares = "/etc/cinder/nfs_shares"

/** What the NFS driver mounts, a share on each line; none where volumes are elsewhere. */
export function nfsSharesFile({ services: { cinder } }: SiteConfig): readonly FileDefinition[] {
  const { nfs } = cinder.backends
  const content = () => `${nfs?.shares.join("\n")}\n`
  return nfs ? [{ name: "nfs_shares", dest: nfsShares, owner: "cinder:cinder", perm: "0600", content }] : []
}

export const enabledBackends = (context: ServiceContext): string[] => sectionsOf(context).map(([name]) => name)
export const backendSections = (context: ServiceContext): OsloConfig => Object.fromEntries(sectionsOf(context))

/** `[DEFAULT]` of what keeps backups; none where nobody does. */
export function backupOptions({ site }: ServiceContext): Section {
  const { nfs, rbd } = site.services.cinder.backup ?? {}
  if (rbd) {
    return {
      backup_driver: "cinder.backup.drivers.ceph.CephBackupDriver",
      backup_ceph_conf: cephConfPath,
      backup_ceph_user: rbd.user,
      backup_ceph_pool: rbd.pool,
      // As kolla-ansible has it: a backup is read and written in pieces of 128 MB, each striped as the pool's default says.
      backup_ceph_chunk_size: 134_217_728,
      backup_ceph_stripe_unit: 0,
      backup_ceph_stripe_count: 0,
      restore_discard_excess_bytes: true,
    }
  }
  if (nfs) return { backup_driver: "cinder.backup.drivers.nfs.NFSBackupDriver", backup_share: nfs.share }
  return {}
}
