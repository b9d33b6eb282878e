import { defineImage } from "../../src/build/containers/definition.ts"
import { libraryExtras, perlModules } from "../prune.ts"
import { etcFolder, extendStart, installInto, leafStart, ovsTools } from "../service.ts"

/** Debian has all of neutron's programs in one package; so has this image, with what the agents start. */
export default defineImage({
  name: "neutron-base",
  summary: "OpenStack networking: libraries, programs and what the agents start",
  from: "openstack-base",
  packages: [
    ...ovsTools.packages,
    "conntrack",
    "dnsmasq-base",
    "dnsmasq-utils",
    "haproxy",
    "ipset",
    "iptables",
    "iputils-arping",
    "keepalived",
    "kmod",
    "python3-neutron",
    "radvd",
  ],
  extract: {
    ...ovsTools.extract,
    "neutron-common": [
      "./usr/bin/*",
      "./etc/neutron/rootwrap.conf",
      "./etc/neutron/rootwrap.d/*",
      "./usr/share/neutron-common/api-paste.ini",
    ],
  },
  prune: [...libraryExtras, ...perlModules, "/usr/lib/python3/dist-packages/pip"],
  user: { name: "neutron", id: 42435, home: "/var/lib/neutron" },
  files: { ...extendStart(), "/etc/sudoers.d/kolla_neutron_sudoers": { source: "sudoers", mode: "0440" } },
  run: [
    ...etcFolder("neutron", "plugins", "plugins/ml2"),
    installInto("/etc/neutron", "/usr/share/neutron-common/api-paste.ini"),
    leafStart("neutron"),
  ],
})
