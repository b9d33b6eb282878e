import { defineImage } from "../../src/build/containers/definition.ts"

/** Begins as root to bind ports and to listen on addresses that are another host's now; its configuration names the account to go on as. */
export default defineImage({
  name: "haproxy",
  summary: "HAProxy",
  from: "base",
  packages: ["haproxy"],
  rpm: { packages: ["haproxy"] },
  prune: ["/etc/rsyslog.d"],
  accounts: [{ name: "haproxy", id: 42454, home: "/var/lib/haproxy" }],
  run: ["install -d -o haproxy -g haproxy /var/lib/kolla/haproxy"],
  health: "healthcheck_socket haproxy /var/lib/kolla/haproxy/haproxy.sock",
})
