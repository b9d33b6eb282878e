import type { OsloConfig } from "../../src/deploy/oslo.ts"
import type { ServiceContext } from "../../src/deploy/service.ts"

type Section = OsloConfig[string]

/** Backends of the site file, in its order → their sections in cinder.conf, with kolla-ansible's names. */
function sectionsOf({ site, host, secret }: ServiceContext): (readonly [string, Section])[] {
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
        target_ip_address: host.address,
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
        rbd_ceph_conf: "/etc/ceph/ceph.conf",
        rbd_secret_uuid: secret("cinder_rbd_secret_uuid"),
        rados_connect_timeout: 5,
      },
    ],
  }
  return (Object.keys(backends) as (keyof typeof backends)[]).flatMap((name) =>
    sections[name] ? [sections[name]] : [],
  )
}

export const nfsShares = "/etc/cinder/nfs_shares"
export const enabledBackends = (context: ServiceContext): string[] => sectionsOf(context).map(([name]) => name)
export const backendSections = (context: ServiceContext): OsloConfig => Object.fromEntries(sectionsOf(context))
