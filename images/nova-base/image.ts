import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, libraryExtras, radosGateway } from "../prune.ts"
import { etcFolder, extendStart, installInto, leafStart, venvEtc, withDrivers } from "../service.ts"

export default defineImage({
  name: "nova-base",
  summary: "OpenStack compute: libraries and tools",
  from: "openstack-base",
  packages: ["python3-nova"],
  extract: {
    "nova-common": ["./usr/bin/nova-*", "./etc/nova/rootwrap.conf", "./usr/share/nova-common/api-paste.ini"],
    "nova-api": ["./usr/bin/nova-*"],
    "nova-compute": ["./usr/bin/nova-*", "./etc/nova/rootwrap.d/*"],
    "nova-conductor": ["./usr/bin/nova-*"],
    "nova-consoleproxy": ["./usr/bin/nova-*"],
    "nova-scheduler": ["./usr/bin/nova-*"],
  },
  source: {
    projects: withDrivers("nova"),
    packages: ["genisoimage", "qemu-utils"],
    wsgi: {
      "nova-api-wsgi": "nova.api.openstack.compute.wsgi:init_application()",
      "nova-metadata-wsgi": "nova.api.metadata.wsgi:init_application()",
    },
    run: [
      ...etcFolder("nova"),
      installInto("/etc/nova", `${venvEtc}/nova/*`),
      "install -d -o nova -g nova /var/lib/nova/instances",
      leafStart("nova"),
    ],
  },
  rpm: {
    packages: [
      ["openstack-nova-api", "openstack-nova-common", "openstack-nova-conductor"],
      ["openstack-nova-novncproxy", "openstack-nova-scheduler"],
    ].flat(),
    run: [...etcFolder("nova"), "install -d -o nova -g nova /var/lib/nova/instances", leafStart("nova")],
  },
  prune: [...libraryExtras, ...fullPerl, ...radosGateway],
  // Groups whose sockets and files libvirt's container shares with nova-compute's.
  accounts: [
    { name: "qemu", id: 42427, home: "/nonexistent" },
    { name: "libvirt", id: 42473, home: "/nonexistent" },
  ],
  user: { name: "nova", id: 42436, home: "/var/lib/nova", groups: ["qemu", "libvirt"] },
  files: { ...extendStart(), "/etc/sudoers.d/kolla_nova_sudoers": { source: "sudoers", mode: "0440" } },
  run: [
    ...etcFolder("nova"),
    installInto("/etc/nova", "/usr/share/nova-common/api-paste.ini"),
    "install -d -o nova -g nova /var/lib/nova/instances",
    leafStart("nova"),
  ],
})
