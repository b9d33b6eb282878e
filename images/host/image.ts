import { defineImage } from "../../src/build/containers/definition.ts"

/** A container that acts as a host for deploy tests: a Docker Engine and an SSH server, as a provisioned machine has them. */
export default defineImage({
  name: "host",
  summary: "container that acts as a deployed host",
  lab: true,
  from: "debian",
  packages: ["docker.io", "dumb-init", "iproute2", "iptables", "openssh-server", "procps", "python3"],
  files: { "/usr/local/sbin/host-start": { source: "host-start", mode: "0755" } },
  // Keys made at build time would be every host's keys.
  run: ["rm -f /etc/ssh/ssh_host_*", "install -d -m 0700 /root/.ssh"],
  volumes: ["/var/lib/docker"],
  entrypoint: ["/usr/bin/dumb-init", "--"],
  command: ["/usr/local/sbin/host-start"],
})
