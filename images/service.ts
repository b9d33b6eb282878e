/** What the definitions of OpenStack's services share. */

/** Configuration that only root changes and the service's user reads. Lines for `run`. */
export const etcFolder = (user: string, ...below: readonly string[]) => [
  `install -d -o root -g ${user} -m 0750 /etc/${user}`,
  ...below.map((folder) => `install -d -o root -g ${user} -m 0750 /etc/${user}/${folder}`),
]

/** Installs files that a package offers as examples to where the service looks for them. Lines for `run`. */
export const installInto = (folder: string, ...sources: readonly string[]) => `cp -r ${sources.join(" ")} ${folder}/`

/** The image's share of the start: `extend_start` of its own folder, under the name that its parent's one sources. */
export const extendStart = (service?: string) => ({
  [`/usr/local/bin/kolla${service ? `_${service}` : ""}_extend_start`]: { source: "extend_start", mode: "0755" },
})

/** A service's parent image starts by what its leaf adds, if anything: an empty file that the leaf replaces. */
export const leafStart = (service: string) => `install -m 0755 /dev/null /usr/local/bin/kolla_${service}_extend_start`

/** What a service's own release needs beside it, to reach the infrastructure here. Requirements of install type source. */
export const withDrivers = (...projects: readonly string[]) => [
  ...projects,
  "osprofiler",
  "pymemcache",
  "pymysql",
  "python-memcached",
]

/** Where a release's own configuration files lie under install type source. */
export const venvEtc = "/var/lib/kolla/venv/etc"

/**
 * Programs of Ceph's clients: `ceph` tells cinder and nova where its monitors are, `rbd` carries images and backups into a pool
 * and out of it.
 */
export const cephTools = {
  packages: ["libboost-program-options1.83.0", "libncurses6", "python3-ceph-argparse"],
  extract: { "ceph-common": ["./usr/bin/ceph", "./usr/bin/rbd"] },
} as const

/** Open vSwitch's tools without its daemons: `openvswitch-switch` would bring init scripts with `ovs-vsctl`. */
export const ovsTools = {
  packages: ["openvswitch-common"],
  extract: { "openvswitch-switch": ["./usr/bin/ovs-vsctl", "./usr/bin/ovs-dpctl"] },
} as const
