import { defineImage } from "../../src/build/containers/definition.ts"
import { botocore, fullPerl, googleApis, libraryExtras } from "../prune.ts"
import { etcFolder, extendStart, installInto, leafStart, venvEtc, withDrivers } from "../service.ts"

export default defineImage({
  name: "cinder-base",
  summary: "OpenStack block storage: libraries and tools",
  from: "openstack-base",
  packages: ["cryptsetup-bin", "python3-cinder"],
  extract: {
    "cinder-common": [
      "./usr/bin/*",
      "./etc/cinder/resource_filters.json",
      "./etc/cinder/rootwrap.conf",
      "./etc/cinder/rootwrap.d/*",
      "./usr/share/cinder-common/api-paste.ini",
    ],
    "cinder-api": ["./usr/bin/*"],
    "cinder-backup": ["./usr/bin/*"],
    "cinder-scheduler": ["./usr/bin/*"],
    "cinder-volume": ["./usr/bin/*"],
  },
  source: {
    projects: withDrivers("cinder"),
    packages: ["cryptsetup-bin", "python3-rados", "python3-rbd", "qemu-utils"],
    wsgi: { "cinder-wsgi": "cinder.wsgi.wsgi:initialize_application()" },
    run: [
      ...etcFolder("cinder"),
      installInto("/etc/cinder", `${venvEtc}/cinder/*`),
      "install -d -o cinder -g cinder /var/lib/cinder/volumes",
      leafStart("cinder"),
    ],
  },
  rpm: {
    packages: ["cryptsetup", "openstack-cinder", "python3-rados", "python3-rbd", "qemu-img"],
    run: [...etcFolder("cinder"), "install -d -o cinder -g cinder /var/lib/cinder/volumes", leafStart("cinder")],
  },
  prune: [...libraryExtras, ...fullPerl, ...botocore, ...googleApis],
  user: { name: "cinder", id: 42407, home: "/var/lib/cinder" },
  files: { ...extendStart(), "/etc/sudoers.d/kolla_cinder_sudoers": { source: "sudoers", mode: "0440" } },
  run: [
    ...etcFolder("cinder"),
    installInto("/etc/cinder", "/usr/share/cinder-common/api-paste.ini"),
    "install -d -o cinder -g cinder /var/lib/cinder/volumes",
    leafStart("cinder"),
  ],
})
