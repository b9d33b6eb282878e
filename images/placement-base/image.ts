import { defineImage } from "../../src/build/containers/definition.ts"
import { libraryExtras } from "../prune.ts"
import { etcFolder, extendStart, leafStart, withDrivers } from "../service.ts"

export default defineImage({
  name: "placement-base",
  summary: "OpenStack placement: libraries and tools",
  from: "openstack-base",
  packages: ["python3-placement"],
  source: {
    projects: withDrivers("openstack-placement"),
    wsgi: { "placement-api": "placement.wsgi:init_application()" },
  },
  rpm: { packages: ["openstack-placement-api", "openstack-placement-common"] },
  prune: libraryExtras,
  user: { name: "placement", id: 42482, home: "/var/lib/placement" },
  files: extendStart(),
  run: [...etcFolder("placement"), leafStart("placement")],
})
