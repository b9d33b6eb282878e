import type { OsloConfig } from "../../src/deploy/oslo.ts"
import type { SiteConfig } from "../../src/deploy/site.ts"
import { cephConfPath } from "../common/ceph.ts"

type Section = OsloConfig[string]

/** Stores of the site file, in its order → their sections in glance-api.conf, each called like its kind. */
export function storeSections({ services: { glance } }: SiteConfig): Readonly<Record<string, Section>> {
  const { backends } = glance
  const { file, rbd } = backends
  const sections: Readonly<Record<string, Section | undefined>> = {
    file: file && { filesystem_store_datadir: "/var/lib/glance/images/" },
    rbd: rbd && { rbd_store_user: rbd.user, rbd_store_pool: rbd.pool, rbd_store_ceph_conf: cephConfPath },
  }
  return Object.fromEntries(
    Object.keys(backends).flatMap((name): [string, Section][] => (sections[name] ? [[name, sections[name]]] : [])),
  )
}

/**
 * `[DEFAULT]` of the stores. Where an image is in Ceph is shown: without that nova and cinder would copy it instead of
 * cloning it in the cluster (https://docs.ceph.com/en/reef/rbd/rbd-openstack/).
 */
export function storeOptions(site: SiteConfig): Section {
  const names = Object.keys(storeSections(site))
  return {
    enabled_backends: names.map((name) => `${name}:${name}`).join(","),
    ...(site.services.glance.backends.rbd && { show_image_direct_url: true }),
  }
}
