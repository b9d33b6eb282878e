import type { FileDefinition } from "../../src/deploy/service.ts"

/** What clients of an external Ceph have in common: its operator makes their keys, and says where its monitors are. */

export const cephConfPath = "/etc/ceph/ceph.conf"

/** No secret is in it, and QEMU, which is another user than its service, reads it too. */
export const cephConf: FileDefinition = {
  name: "ceph.conf",
  dest: cephConfPath,
  owner: "root:root",
  perm: "0644",
  content: () => undefined,
  given: {
    name: "ceph.conf",
    of: "service",
    expected: "Ceph's own: [global] with fsid and mon_host",
    take: (text) => (/^\s*mon[ _]host\s*=\s*\S/m.test(text) ? text : undefined),
  },
}

const keyringName = (client: string) => `ceph.client.${client}.keyring`

const givenKeyring = (client: string, of: "service" | "container", take: (text: string) => string | undefined) => ({
  name: keyringName(client),
  of,
  expected: `a keyring with the key of client.${client}: ceph auth get client.${client}`,
  take,
})

/** The key by which a service logs in to Ceph as `client`, readable by `owner` alone. */
const cephKeyring = (client: string, owner: string, of: "service" | "container"): FileDefinition => ({
  name: keyringName(client),
  dest: `/etc/ceph/${keyringName(client)}`,
  owner: `${owner}:${owner}`,
  perm: "0600",
  content: () => undefined,
  given: givenKeyring(client, of, (text) => (keyOf(text, client) === undefined ? undefined : text)),
})

/** How a service's container reaches Ceph as each of its clients, once each; nothing where it has none. */
export function cephFiles(
  service: string,
  of: "service" | "container",
  ...clients: readonly ({ readonly user: string } | undefined)[]
): readonly FileDefinition[] {
  const users = [...new Set(clients.flatMap((client) => client?.user ?? []))]
  return users.length === 0 ? [] : [cephConf, ...users.map((user) => cephKeyring(user, service, of))]
}

/**
 * A client's key as a secret of libvirt's, which hands it to QEMU when a disk is in Ceph: volumes name it by its UUID.
 * libvirtd reads both files when it starts (src/conf/virsecretobj.c, virSecretLoadAllConfigs).
 */
export const libvirtSecret = (name: string, client: string, uuid: string): readonly FileDefinition[] => [
  {
    name: `${name}.xml`,
    dest: `/etc/libvirt/secrets/${uuid}.xml`,
    owner: "root:root",
    perm: "0600",
    content: () => `<secret ephemeral="no" private="no">
  <uuid>${uuid}</uuid>
  <usage type="ceph">
    <name>client.${client} secret ${name}</name>
  </usage>
</secret>
`,
  },
  {
    name: `${name}.base64`,
    dest: `/etc/libvirt/secrets/${uuid}.base64`,
    owner: "root:root",
    perm: "0600",
    content: () => undefined,
    given: givenKeyring(client, "service", (text) => keyOf(text, client)),
    secret: true,
  },
]

/** From Ceph's keyring format: `[client.NAME]` and, below it, `key = BASE64`. */
export function keyOf(keyring: string, client: string): string | undefined {
  const [, ...sections] = keyring.split(/^\s*\[/m)
  const own = sections.find((section) => section.startsWith(`client.${client}]`))
  return own && /^\s*key\s*=\s*([A-Za-z0-9+/]+=*)\s*$/m.exec(own)?.[1]
}
