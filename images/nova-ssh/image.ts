import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, identities } from "../prune.ts"
import { extendStart } from "../service.ts"

/** Takes disks of instances that are resized or migrated cold between hosts. */
export default defineImage({
  name: "nova-ssh",
  summary: "OpenStack compute: SSH between hosts, for migration",
  from: "nova-base",
  packages: ["openssh-server", "rsync"],
  rpm: { packages: ["openssh-server", "rsync"] },
  prune: [...fullPerl, ...identities],
  root: true,
  files: extendStart(),
  run: [
    "install -d -m 0755 /run/sshd",
    // A container has no login uid to set.
    "sed -ri 's/^(session\\s+)required(\\s+pam_loginuid.so)/\\1optional\\2/' /etc/pam.d/sshd",
    "usermod --shell /bin/bash nova",
  ],
  health: "healthcheck_listen sshd 8022",
})
