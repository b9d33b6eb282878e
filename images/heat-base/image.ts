import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, libraryExtras } from "../prune.ts"
import { etcFolder, extendStart, installInto, leafStart, venvEtc, withDrivers } from "../service.ts"

const login = "/usr/share/bifrost-ts/ec2_login.py"

/**
 * Keystone validates signatures only for who has logged in (CVE-2025-65073), and so refuses every signal of an instance to a Heat
 * that has not, as Debian's. A later one that logs in by itself takes the same options, and stays as it is. Lines for `run`.
 */
const loggedIn = (modules: string) => [
  `cd ${modules}/heat/api/aws`,
  `if ! grep -q register_auth_conf_options ec2token.py; then cp ${login} .`,
  "sed -i 's/^from heat.common import wsgi$/&\\nfrom heat.api.aws import ec2_login/' ec2token.py",
  `sed -i "s/^ *headers = {'Content-Type': .*}$/&\\n        headers.update(ec2_login.headers(self.ssl_options))/" ec2token.py`,
  "grep -q ec2_login.headers ec2token.py",
  // Compiled modules that hold no time of their source: the image's build sets that later.
  "python3 -m compileall -q --invalidation-mode unchecked-hash ec2token.py ec2_login.py; fi",
  "cd /",
]

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
    run: [
      ...etcFolder("heat"),
      installInto("/etc/heat", `${venvEtc}/heat/*`),
      ...loggedIn("/var/lib/kolla/venv/lib/python3*/site-packages"),
      leafStart("heat"),
    ],
  },
  rpm: {
    packages: ["openstack-heat-api", "openstack-heat-api-cfn", "openstack-heat-common", "openstack-heat-engine"],
    run: [...etcFolder("heat"), ...loggedIn("/usr/lib/python3*/site-packages"), leafStart("heat")],
  },
  prune: [...libraryExtras, ...fullPerl],
  user: { name: "heat", id: 42418, home: "/var/lib/heat" },
  files: { ...extendStart(), [login]: { source: "ec2_login.py" } },
  run: [...etcFolder("heat"), ...loggedIn("/usr/lib/python3/dist-packages"), leafStart("heat")],
})
