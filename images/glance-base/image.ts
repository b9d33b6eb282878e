import { defineImage } from "../../src/build/containers/definition.ts"
import { botocore, fullPerl, libraryExtras } from "../prune.ts"
import { etcFolder, extendStart, installInto, leafStart, venvEtc, withDrivers } from "../service.ts"

export default defineImage({
  name: "glance-base",
  summary: "OpenStack images: libraries and tools",
  from: "openstack-base",
  packages: ["python3-glance", "python3-glance-store"],
  extract: {
    "glance-common": ["./usr/bin/glance-*", "./usr/share/glance-common/*"],
    "glance-api": ["./usr/bin/glance-*"],
  },
  source: {
    projects: withDrivers("glance", "glance-store[cinder,s3,swift]"),
    packages: ["python3-rados", "python3-rbd", "qemu-utils"],
    wsgi: { "glance-wsgi-api": "glance.common.wsgi_app:init_app()" },
    run: [
      ...etcFolder("glance"),
      installInto("/etc/glance", `${venvEtc}/glance/*`),
      "install -d -o glance -g glance /var/lib/glance/images",
      leafStart("glance"),
    ],
  },
  rpm: {
    packages: ["openstack-glance", "python3-rados", "python3-rbd", "qemu-img"],
    run: [...etcFolder("glance"), "install -d -o glance -g glance /var/lib/glance/images", leafStart("glance")],
  },
  prune: [...libraryExtras, ...fullPerl, ...botocore, "/usr/include/*"],
  user: { name: "glance", id: 42415, home: "/var/lib/glance" },
  files: extendStart(),
  run: [
    ...etcFolder("glance"),
    // `db_load_metadefs` reads the metadata definitions from there.
    installInto(
      "/etc/glance",
      "/usr/share/glance-common/*.ini",
      "/usr/share/glance-common/*.json",
      "/usr/share/glance-common/metadefs",
    ),
    "install -d -o glance -g glance /var/lib/glance/images",
    leafStart("glance"),
  ],
})
