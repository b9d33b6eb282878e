import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

/** Reads the files in the services' log volume, takes syslog on the loopback address, and sends on what a site's rules say. */
export default defineImage({
  name: "rsyslog",
  summary: "rsyslog: ships the services' logs",
  from: "base",
  packages: ["rsyslog", "rsyslog-elasticsearch", "rsyslog-openssl", "rsyslog-relp"],
  rpm: { packages: ["rsyslog", "rsyslog-elasticsearch", "rsyslog-openssl", "rsyslog-relp"] },
  // The id of Kolla's log shipper: it owns what that wrote.
  user: { name: "rsyslog", id: 42474, home: "/var/lib/rsyslog" },
  files: { ...extendStart(), "/etc/rsyslog.conf": { source: "rsyslog.conf" } },
  run: ["install -d -m 0755 /etc/rsyslog.d", "rm -f /etc/rsyslog.d/*"],
  health: "pgrep -x rsyslogd",
})
