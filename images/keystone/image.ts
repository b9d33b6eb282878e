import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, libraryExtras } from "../prune.ts"
import { withDrivers } from "../service.ts"

/** `python3-keystone` alone: the package `keystone` adds questions to the administrator and an init script. */
export default defineImage({
  name: "keystone",
  summary: "OpenStack identity",
  from: "openstack-base",
  packages: ["python3-keystone"],
  source: {
    projects: withDrivers("keystone[ldap]"),
    packages: ["libldap2", "libsasl2-2"],
    wsgi: { "keystone-wsgi-public": "keystone.server.wsgi:initialize_public_application()" },
  },
  rpm: { packages: ["openstack-keystone"] },
  prune: [...libraryExtras, ...fullPerl],
  user: { name: "keystone", id: 42425, home: "/var/lib/keystone" },
  files: {
    "/usr/local/bin/kolla_extend_start": { source: "extend_start", mode: "0755" },
    "/usr/local/bin/kolla_keystone_bootstrap": { source: "kolla_keystone_bootstrap", mode: "0755" },
  },
  run: [
    "install -d -o root -g keystone -m 0750 /etc/keystone",
    "install -d -o keystone -g keystone /var/log/kolla/keystone",
  ],
  migrates: { config: "/etc/keystone/keystone.conf", databases: { database: "keystone" } },
  health: "healthcheck_curl http://127.0.0.1:5000/v3",
})
