import type { ServiceContext } from "../../src/deploy/service.ts"
import type { SiteConfig } from "../../src/deploy/site.ts"

/** What who attaches volumes over iSCSI has in common: one initiator a host, and its name. */

/** Only LVM's volumes are: those of NFS and Ceph need no device on the host. */
export const volumesByIscsi = ({ services: { cinder } }: SiteConfig) =>
  cinder.enabled && cinder.backends.lvm !== undefined

/** Where a host's targets are reached: tgtd listens there, and cinder tells it to those who attach. */
export const targetAddress = ({ network }: Pick<ServiceContext, "network">) => network("storage").address

/** The host's name as an initiator and the targets it knows. */
export const initiatorVolume = "iscsi_info:/etc/iscsi"

/** For os-brick, which logs in by iscsid and then has the kernel look for the disk by a file under /sys. */
export const iscsiVolumes = [initiatorVolume, "/sys:/sys"]

export const iscsiNeeded = "here/container/iscsid"
