import { stringify } from "yaml"
import type { Secret } from "../util/secret.ts"

/** What a machine is told at its first boot. */
export interface ConfigDriveInput {
  readonly node: { readonly uuid: string; readonly name: string }
  readonly hostname: string
  /** Lines for authorized_keys of the operator's user. */
  readonly publicKeys: readonly string[]
  /** OpenSSH PEM and the public line: the provisioner pins what it gave. */
  readonly sshHostKey?: { readonly private: Secret; readonly public: string }
  readonly network?: NetworkData
  readonly firstBoot?: { readonly url: string; readonly token: Secret }
  readonly files?: readonly ConfigFile[]
}

export interface ConfigFile {
  /** Absolute. */
  readonly path: string
  readonly content: string
  /** Octal, `0644`. */
  readonly mode?: string
}

/** OpenStack's network_data.json, as far as it is used. */
export interface NetworkData {
  readonly links: readonly {
    readonly id: string
    readonly type: "phy" | "vlan" | "bond" | (string & {})
    readonly ethernet_mac_address?: string
    readonly mtu?: number
    readonly [key: string]: unknown
  }[]
  readonly networks: readonly {
    readonly id: string
    readonly type: "ipv4" | "ipv4_dhcp" | "ipv6" | "ipv6_dhcp" | (string & {})
    readonly link: string
    readonly ip_address?: string
    readonly netmask?: string
    readonly routes?: readonly { readonly network: string; readonly netmask: string; readonly gateway: string }[]
    readonly [key: string]: unknown
  }[]
  readonly services: readonly { readonly type: "dns" | (string & {}); readonly address: string }[]
}

/** Path on the drive → text. Holds secrets in the clear: what the drive is for. */
export function configDriveFiles(input: ConfigDriveInput): Record<string, string> {
  const latest = "openstack/latest"
  return {
    [`${latest}/meta_data.json`]: json(metaData(input)),
    [`${latest}/network_data.json`]: json(input.network ?? { links: [], networks: [], services: [] }),
    [`${latest}/user_data`]: userData(input),
  }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

/** OpenStack's keys for any image, and ours for images built here. */
function metaData({ node, hostname, publicKeys, sshHostKey, firstBoot, files = [] }: ConfigDriveInput) {
  return {
    uuid: node.uuid,
    name: node.name,
    hostname,
    public_keys: Object.fromEntries(publicKeys.map((key, index) => [`key-${index}`, key])),
    bifrost: {
      ...(sshHostKey && {
        ssh_host_keys: { ed25519: { private: sshHostKey.private.reveal(), public: sshHostKey.public } },
      }),
      ...(firstBoot && { first_boot_url: firstBoot.url, first_boot_token: firstBoot.token.reveal() }),
      files: files.map(({ path, content, mode = "0644" }) => ({ path, content, mode })),
    },
  }
}

/** The same for images with cloud-init. */
function userData({ hostname, publicKeys, sshHostKey, firstBoot, files = [] }: ConfigDriveInput): string {
  const config = {
    hostname,
    // `locale: false`: minimal images have no locales, and cloud-init would fail to set one.
    locale: false,
    disable_root: false,
    users: [{ name: "root", ssh_authorized_keys: publicKeys }],
    ssh_deletekeys: true,
    ...(sshHostKey && {
      ssh_keys: { ed25519_private: sshHostKey.private.reveal(), ed25519_public: sshHostKey.public },
    }),
    ...(files.length > 0 && {
      write_files: files.map(({ path, content, mode = "0644" }) => ({ path, content, permissions: mode })),
    }),
    ...(firstBoot && { runcmd: [["sh", "-c", phoneHome(firstBoot)]] }),
  }
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`
}

/** cloud-init's own phone_home posts a form without the token; this says what our images say. */
function phoneHome({ url, token }: NonNullable<ConfigDriveInput["firstBoot"]>): string {
  const body = JSON.stringify({ token: token.reveal() })
  return [
    "mkdir -p /run/bifrost",
    `curl -fsS --retry 20 --retry-all-errors -H 'content-type: application/json' -d '${body}' '${url}'`,
    "touch /run/bifrost/first-boot.done",
  ].join(" && ")
}
