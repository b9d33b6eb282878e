import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, libraryExtras, radosGateway } from "../prune.ts"
import { etcFolder, extendStart, installInto, leafStart } from "../service.ts"

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
