import { defineImage } from "../../src/build/containers/definition.ts"

const tools = [
  "kolla_start",
  "kolla_set_configs",
  "kolla_copy_cacerts",
  "healthcheck_curl",
  "healthcheck_filemod",
  "healthcheck_listen",
  "healthcheck_port",
  "healthcheck_socket",
]

/** Kolla's start contract: what every service image is started by. */
export default defineImage({
  name: "base",
  summary: "start contract, health checks, Python",
  from: "debian",
  packages: ["curl", "dumb-init", "iproute2", "procps", "python3", "python3-yaml", "sudo"],
  rpm: {
    from: "rocky",
    packages: ["curl", "dumb-init", "iproute", "procps-ng", "python3", "python3-pyyaml", "sudo"],
    environment: { KOLLA_BASE_DISTRO: "rocky" },
  },
  files: {
    ...Object.fromEntries(tools.map((tool) => [`/usr/local/bin/${tool}`, { source: tool, mode: "0755" }])),
    "/usr/local/bin/kolla_extend_start": { source: "kolla_extend_start", mode: "0755" },
    "/etc/sudoers.d/kolla": { source: "sudoers", mode: "0440" },
    "/usr/sbin/policy-rc.d": { source: "policy-rc.d", mode: "0755" },
  },
  run: [
    "groupadd --gid 42400 kolla",
    "install -d -m 0755 /var/lib/kolla/config_files /var/log/kolla",
    "chgrp kolla /var/log/kolla",
    "chmod 2775 /var/log/kolla",
    // Written by kolla_set_configs as root, read by kolla_start as the service's user.
    "touch /run_command",
    "chmod 0644 /run_command",
  ],
  environment: { LANG: "C.UTF-8", KOLLA_BASE_DISTRO: "debian", KOLLA_CONFIG_STRATEGY: "COPY_ALWAYS" },
  entrypoint: ["/usr/bin/dumb-init", "--single-child", "--"],
  command: ["kolla_start"],
})
