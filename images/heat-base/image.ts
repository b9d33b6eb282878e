import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, libraryExtras } from "../prune.ts"
import { etcFolder, extendStart, installInto, leafStart, venvEtc, withDrivers } from "../service.ts"

export default defineImage({
  name: "heat-base",
  summary: "OpenStack orchestration: libraries and tools",
  from: "openstack-base",
  packages: ["python3-heat"],
  extract: {
    "heat-common": ["./usr/bin/*", "./etc/heat/api-paste.ini", "./etc/heat/environment.d/*", "./etc/heat/templates/*"],
    "heat-api": ["./usr/bin/*"],
    "heat-api-cfn": ["./usr/bin/*"],
    "heat-engine": ["./usr/bin/*"],
  },
  source: {
    projects: withDrivers("openstack-heat"),
    wsgi: {
      "heat-wsgi-api": "heat.httpd.heat_api:init_application()",
      "heat-wsgi-api-cfn": "heat.httpd.heat_api_cfn:init_application()",
    },
    run: [...etcFolder("heat"), installInto("/etc/heat", `${venvEtc}/heat/*`), leafStart("heat")],
  },
  rpm: { packages: ["openstack-heat-api", "openstack-heat-api-cfn", "openstack-heat-common", "openstack-heat-engine"] },
  prune: [...libraryExtras, ...fullPerl],
  user: { name: "heat", id: 42418, home: "/var/lib/heat" },
  files: extendStart(),
  run: [...etcFolder("heat"), leafStart("heat")],
})
