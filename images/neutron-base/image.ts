import { defineImage } from "../../src/build/containers/definition.ts"
import { libraryExtras, perlModules } from "../prune.ts"
import { etcFolder, extendStart, installInto, leafStart, ovsTools, venvEtc, withDrivers } from "../service.ts"

const agentTools = [
  ["conntrack", "dnsmasq-base", "dnsmasq-utils", "ethtool", "haproxy", "ipset", "iptables", "iputils-arping"],
  ["keepalived", "kmod", "radvd"],
].flat()

/** Debian has all of neutron's programs in one package; so has this image, with what the agents start. */
export default defineImage({
  name: "neutron-base",
  summary: "OpenStack networking: libraries, programs and what the agents start",
  from: "openstack-base",
  packages: [...ovsTools.packages, ...agentTools, "python3-neutron"],
  extract: {
    ...ovsTools.extract,
    "neutron-common": [
      "./usr/bin/*",
      "./etc/neutron/rootwrap.conf",
      "./etc/neutron/rootwrap.d/*",
      "./usr/share/neutron-common/api-paste.ini",
    ],
  },
  source: {
    projects: withDrivers("neutron"),
    packages: [...ovsTools.packages, ...agentTools],
    extract: ovsTools.extract,
    wsgi: { "neutron-api": "neutron.server:get_application()" },
    run: [
      ...etcFolder("neutron", "plugins", "plugins/ml2"),
      installInto("/etc/neutron", `${venvEtc}/neutron/*`),
      leafStart("neutron"),
    ],
  },
  rpm: {
    packages: [
      ["conntrack-tools", "dnsmasq", "ethtool", "haproxy", "ipset", "iptables", "iputils"],
      ["keepalived", "kmod", "radvd"],
      ["openstack-neutron", "openstack-neutron-ml2", "openstack-neutron-openvswitch"],
      ["openstack-neutron-rpc-server", "openvswitch"],
    ].flat(),
    run: [...etcFolder("neutron", "plugins", "plugins/ml2"), leafStart("neutron")],
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
