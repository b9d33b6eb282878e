import { defineService } from "../../src/deploy/service.ts"
import { logVolume } from "../common/openstack.ts"

/** What becomes of the files that all services write into the volume `kolla_logs`, on every host. */
export default defineService({
  name: "logs",
  summary: "rotation of the services' logs, and their way to a central place",
  group: "all",
  containers: [
    {
      name: "cron",
      image: "cron",
      each: true,
      command: () => "/usr/sbin/cron -f",
      volumes: [logVolume],
      healthy: () => ["pgrep", "-x", "cron"],
    },
    {
      name: "rsyslog",
      image: "rsyslog",
      each: true,
      enabled: ({ central_logging }) => central_logging,
      command: () => "/usr/sbin/rsyslogd -n -i /var/lib/rsyslog/rsyslogd.pid",
      volumes: [logVolume, "rsyslog:/var/lib/rsyslog"],
      permissions: [{ path: "/var/lib/rsyslog", owner: "rsyslog:rsyslog" }],
      files: [
        {
          name: "destinations.conf",
          dest: "/etc/rsyslog.d/destinations.conf",
          owner: "rsyslog:rsyslog",
          perm: "0600",
          content: () =>
            '# Where logs go is the site\'s to say, e.g. action(type="omfwd" target="logs.example.org" port="6514" protocol="tcp" template="kolla")\n',
        },
      ],
      healthy: () => ["pgrep", "-x", "rsyslogd"],
    },
  ],
})
