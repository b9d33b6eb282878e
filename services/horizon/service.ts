import { defineService, type FileDefinition } from "../../src/deploy/service.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { dashboardUrl } from "../common/dashboard.ts"
import { logVolume } from "../common/openstack.ts"
import { uwsgiCommand, uwsgiFile } from "../common/uwsgi.ts"
import { siteSettings } from "./settings.ts"

const port = 80

const settings: FileDefinition = {
  name: "local_settings.py",
  dest: "/etc/openstack-dashboard/local_settings.py",
  owner: "horizon:horizon",
  perm: "0600",
  content: siteSettings,
}

const wsgi = {
  service: "horizon",
  name: "horizon-uwsgi.ini",
  wsgi: "/usr/share/openstack-dashboard/wsgi.py",
  port,
  workerMb: 160,
  options: {
    // It takes the port as root and serves as its own user.
    uid: "horizon",
    gid: "horizon",
    chdir: "/usr/share/openstack-dashboard",
    "static-map": "/static=/var/lib/openstack-dashboard/static",
    "static-expires": "/* 86400",
  },
}

export default defineService({
  name: "horizon",
  summary: "the dashboard in the browser",
  group: "control",
  fronts: [{ container: "horizon", port, securePort: 443 }],
  secrets: { horizon_secret_key: "password" },
  containers: [
    {
      name: "horizon",
      image: "horizon",
      listens: [port],
      command: () => uwsgiCommand(wsgi),
      files: [settings, uwsgiFile(wsgi)],
      volumes: [logVolume],
      access: { user: "root" },
      asksApis: true,
      needs: ["container/memcached", "container/keystone"],
      healthy: ({ host }) => ["healthcheck_curl", `http://${hostPort(host.address, port)}/auth/login/`],
    },
  ],
  address: (context) => `${dashboardUrl(context)}/`,
})
