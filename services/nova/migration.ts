import type { ContainerDefinition, FileDefinition, ServiceContext } from "../../src/deploy/service.ts"
import { logVolume } from "../common/openstack.ts"

/** kolla-ansible's: the host's own sshd has 22. */
const port = 8022

const home = "/var/lib/nova/.ssh"
/** What all hosts of the site call each other here, as all show the same key. */
const alias = "nova-ssh"

const file = (
  name: string,
  dest: string,
  perm: string,
  content: (context: ServiceContext) => string,
): FileDefinition => ({ name, dest, owner: "root:root", perm, content })

/** The site's key on one line, in base64: what has several would show in the difference between two files. */
const key = file("nova_ssh_key", "/etc/ssh/nova_ssh_key.base64", "0600", ({ secret }) => `${secret("nova_ssh_key")}\n`)

const sshdConfig = file("sshd_config", "/etc/ssh/sshd_config", "0600", ({ host }) =>
  [
    `Port ${port}`,
    `ListenAddress ${host.address}`,
    "HostKey /etc/ssh/nova_host_key",
    "AllowUsers nova",
    "AuthenticationMethods publickey",
    `AuthorizedKeysFile ${home}/authorized_keys`,
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "AllowTcpForwarding no",
    "AllowAgentForwarding no",
    "X11Forwarding no",
    "PermitTunnel no",
    // For the account, which has no password and counts as locked without it.
    "UsePAM yes",
    "PidFile none",
    "",
  ].join("\n"),
)

/** nova-compute's side: it names a host and nothing else. */
const sshConfig = file("ssh_config", "/etc/ssh/nova_ssh_config", "0644", () =>
  [
    "Host *",
    `  Port ${port}`,
    "  User nova",
    "  BatchMode yes",
    `  IdentityFile ${home}/id_ed25519`,
    `  UserKnownHostsFile ${home}/known_hosts`,
    "  StrictHostKeyChecking yes",
    `  HostKeyAlias ${alias}`,
    "",
  ].join("\n"),
)

/** One key is the host's and the user's: whoever has it is a hypervisor of the site, and nobody else is let in or believed. */
const start = file("start-nova-ssh", "/etc/ssh/start-nova-ssh", "0755", () =>
  [
    "#!/bin/bash",
    "set -o errexit -o nounset",
    "umask 0077",
    "base64 --decode /etc/ssh/nova_ssh_key.base64 > /etc/ssh/nova_host_key",
    "public=$(ssh-keygen -y -f /etc/ssh/nova_host_key)",
    // nova-compute finds them by the volume that both have.
    `install -d -o nova -g nova -m 0700 ${home}`,
    `install -o nova -g nova -m 0600 /etc/ssh/nova_host_key ${home}/id_ed25519`,
    `install -o nova -g nova -m 0600 /etc/ssh/nova_ssh_config ${home}/config`,
    `install -o nova -g nova -m 0600 /dev/stdin ${home}/authorized_keys <<< "$public"`,
    `install -o nova -g nova -m 0600 /dev/stdin ${home}/known_hosts <<< "${alias} $public"`,
    "exec /usr/sbin/sshd -D -e",
    "",
  ].join("\n"),
)

/** Lets other hypervisors bring disks of instances that are resized or migrated cold. */
export const migration: ContainerDefinition = {
  name: "nova_ssh",
  image: "nova-ssh",
  group: "compute",
  each: true,
  listens: [port],
  access: { user: "root" },
  command: () => start.dest,
  files: [key, sshdConfig, sshConfig, start],
  volumes: [logVolume, "nova_compute:/var/lib/nova/"],
  // As nova-compute does on another host.
  healthy: ({ host }) => ["runuser", "-u", "nova", "--", "ssh", "-o", "ConnectTimeout=10", host.address, "true"],
}
