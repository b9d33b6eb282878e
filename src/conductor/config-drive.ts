import { gzipSync } from "node:zlib"
import { buildIso } from "../configdrive/build.ts"
import { configDriveFiles, type NetworkData } from "../configdrive/content.ts"
import type { NodeRecord } from "../store/records.ts"
import type { SshKeyPair } from "../transport/key-pair.ts"
import type { Secret } from "../util/secret.ts"
import { nameOf, textOf } from "./operation.ts"
import type { ConfigDriveAdditions } from "./port.ts"

/** All that the config drive of one deploy says. */
export interface ConfigDriveRequest {
  readonly node: NodeRecord
  /** Lower-case MACs of the node's ports, the one that boots from the network first. */
  readonly macs: readonly string[]
  /** Who may log in, as lines of authorized_keys. */
  readonly publicKeys: readonly string[]
  readonly hostKey: SshKeyPair
  readonly firstBoot: { readonly url: string; readonly token: Secret }
  readonly additions: ConfigDriveAdditions
}

/** → gzip + base64 of the ISO 9660 image. */
export async function buildDrive(request: ConfigDriveRequest): Promise<string> {
  return gzipSync(await buildIso(driveFiles(request))).toString("base64")
}

/** Path on the drive → text: ours, with the user's additions laid over it. */
export function driveFiles({ node, macs, publicKeys, hostKey, firstBoot, additions }: ConfigDriveRequest) {
  const name = nameOf(node)
  const files = configDriveFiles({
    node: { uuid: node.uuid, name },
    hostname: name,
    publicKeys,
    sshHostKey: hostKey,
    network: networkOf(node, macs),
    firstBoot,
  })
  const at = (file: string) => `openstack/latest/${file}`
  const changed: Record<string, string> = {}
  if (additions.meta_data) {
    changed[at("meta_data.json")] = json({ ...additions.meta_data, ...JSON.parse(files[at("meta_data.json")]!) })
  }
  if (additions.network_data) changed[at("network_data.json")] = json(additions.network_data)
  if (additions.user_data != null) {
    const { user_data } = additions
    const theirs = typeof user_data === "string" ? user_data : json(user_data)
    changed[at("user_data")] = both(files[at("user_data")]!, theirs)
  }
  return { ...files, ...changed }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

const kinds: readonly [string, string][] = [
  ["#cloud-config", "text/cloud-config"],
  ["#!", "text/x-shellscript"],
]

/** cloud-init takes several user-data as one MIME message; ours must stay, or the host key would not be the pinned one. */
function both(ours: string, theirs: string): string {
  const boundary = "==bifrost-user-data=="
  const part = (text: string) => {
    const type = kinds.find(([start]) => text.startsWith(start))?.[1] ?? "text/plain"
    return `--${boundary}\nContent-Type: ${type}; charset="utf-8"\nMIME-Version: 1.0\n\n${text}\n`
  }
  const head = `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n\n`
  return `${head}${part(ours)}${part(theirs)}--${boundary}--\n`
}

/** The address in `extra` when it is complete; else DHCP, where the same address is reserved. */
export function networkOf({ extra }: Pick<NodeRecord, "extra">, macs: readonly string[]): NetworkData {
  const [mac] = macs
  if (!mac) return { links: [], networks: [], services: [] }
  const link = {
    id: "boot",
    ethernet_mac_address: mac,
    ...(extra["network_mtu"] && { mtu: Number(extra["network_mtu"]) }),
  }
  const vlan = Number(extra["vlan_id"] ?? 0)
  const tagged = { id: `boot.${vlan}`, type: "vlan", vlan_link: link.id, vlan_id: vlan, ethernet_mac_address: mac }
  const links: NetworkData["links"] = [{ ...link, type: "phy" }, ...(vlan > 0 ? [tagged] : [])]
  const on = vlan > 0 ? tagged.id : link.id
  const address = textOf(extra["ipv4_address"])
  const netmask = textOf(extra["ipv4_subnet_mask"])
  const gateway = textOf(extra["ipv4_gateway"])
  const nameServer = textOf(extra["ipv4_nameserver"])
  const routes = gateway ? [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway }] : []
  const ipv4 =
    address && netmask
      ? { id: "ipv4", type: "ipv4", link: on, ip_address: address, netmask, routes }
      : { id: "ipv4", type: "ipv4_dhcp", link: on }
  const services = nameServer ? nameServer.split(/[\s,;]+/).map((each) => ({ type: "dns", address: each })) : []
  return { links, networks: [ipv4], services }
}
