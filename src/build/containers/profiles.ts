/** Sets of images that are wanted together: name → patterns, searched in images' names. */
export type Profiles = Readonly<Record<string, readonly string[]>>

export const profiles: Profiles = {
  infra: [
    "^mariadb",
    "^rabbitmq",
    "^memcached",
    "^valkey",
    "^haproxy",
    "^keepalived",
    "^cron$",
    "^rsyslog$",
    "^registry$",
  ],
  identity: ["^keystone"],
  image: ["^glance"],
  compute: ["^placement", "^nova", "^libvirt"],
  network: ["^neutron", "^openvswitch", "^ovn"],
  storage: ["^cinder", "^tgtd", "^iscsid"],
  core: [
    "^keystone",
    "^glance",
    "^placement",
    "^nova",
    "^libvirt",
    "^neutron",
    "^openvswitch",
    "^ovn",
    "^cinder",
    "^tgtd",
    "^iscsid",
    "^heat",
    "^horizon",
  ],
}
