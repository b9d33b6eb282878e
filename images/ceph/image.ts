import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, identities, libraryExtras, radosGateway } from "../prune.ts"

/**
 * A Ceph for a lab: one monitor, one OSD that keeps its objects in a file, all in user space, and one manager, without whom
 * nobody could tell how much room a pool has, which cinder asks before it makes a volume. The daemons alone: their packages
 * bring what makes disks into OSDs and serves dashboards.
 */
export default defineImage({
  name: "ceph",
  summary: "a Ceph cluster in one container, for labs",
  lab: true,
  from: "debian",
  packages: [
    ...["ceph-common", "dumb-init", "iproute2"],
    ...["libaio1t64", "libboost-python1.83.0", "libfuse3-4", "libgoogle-perftools4t64", "libndctl6", "libpmem1"],
    ...["libpython3.13", "libsnappy1v5", "libsqlite3-mod-ceph", "liburing2"],
  ],
  extract: {
    "ceph-base": ["./usr/bin/monmaptool", "./usr/lib/*/ceph/*", "./usr/lib/*/rados-classes/*"],
    "ceph-mgr": ["./usr/bin/ceph-mgr"],
    "ceph-mon": ["./usr/bin/ceph-mon"],
    "ceph-osd": ["./usr/bin/ceph-osd"],
  },
  prune: [...fullPerl, ...identities, ...libraryExtras, ...radosGateway, "/usr/bin/radosgw-admin", "/usr/share/doc/*"],
  files: { "/usr/local/sbin/ceph-start": { source: "ceph-start", mode: "0755" } },
  // Where the manager looks for modules, of which it needs none.
  run: ["install -d /usr/share/ceph/mgr"],
  volumes: ["/var/lib/ceph"],
  entrypoint: ["/usr/bin/dumb-init", "--"],
  command: ["/usr/local/sbin/ceph-start"],
})
