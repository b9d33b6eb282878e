import { randomBytes, randomUUID } from "node:crypto"

/** A Ceph cluster of the lab's own, in one container: what OpenStack calls an external one. Identities are drawn once. */
export interface CephSpec {
  readonly ip: string
  readonly fsid: string
  /** Of the only OSD. */
  readonly osd: string
  /** Who may log in → key in Ceph's base64. */
  readonly keys: Readonly<Record<string, string>>
}

/** As https://docs.ceph.com/en/reef/rbd/rbd-openstack/ has them; each is made, and only these. */
export const pools = ["images", "volumes", "backups", "vms"] as const

type Capabilities = Readonly<Partial<Record<"mon" | "mgr" | "osd", string>>>

/** A client of the pools that it writes, and of those it clones from. */
const rbdClient = (pools: readonly string[], clonedFrom: readonly string[] = []): Capabilities => {
  const own = pools.map((pool) => `profile rbd pool=${pool}`)
  const osd = [...own, ...clonedFrom.map((pool) => `profile rbd-read-only pool=${pool}`)]
  return { mon: "profile rbd", mgr: own.join(", "), osd: osd.join(", ") }
}

const members: Readonly<Record<string, Capabilities>> = {
  "mon.": { mon: "allow *" },
  "mgr.lab": { mon: "allow profile mgr", osd: "allow *" },
  "osd.0": { mon: "allow profile osd", mgr: "allow profile osd", osd: "allow *" },
  "client.admin": { mon: "allow *", mgr: "allow *", osd: "allow *" },
}

const clients: Readonly<Record<string, Capabilities>> = {
  "client.glance": rbdClient(["images"]),
  "client.cinder": rbdClient(["volumes", "vms"], ["images"]),
  "client.cinder-backup": rbdClient(["backups"]),
}

const everybody = { ...members, ...clients }

/** src/auth/Crypto.cc, CryptoKey::encode: type (1 is AES), seconds and nanoseconds of its making, length, 16 bytes. */
export function cephKey(now = Date.now()): string {
  const head = Buffer.alloc(12)
  head.writeUInt16LE(1, 0)
  head.writeUInt32LE(Math.floor(now / 1000), 2)
  head.writeUInt16LE(16, 10)
  return Buffer.concat([head, randomBytes(16)]).toString("base64")
}

export const planCeph = (ip: string): CephSpec => ({
  ip,
  fsid: randomUUID(),
  osd: randomUUID(),
  keys: Object.fromEntries(Object.keys(everybody).map((who) => [who, cephKey()])),
})

/** A cluster whose one OSD keeps everything once, and which does not complain of that. */
const settings: Readonly<Record<string, string | number>> = {
  osd_pool_default_size: 1,
  mon_allow_pool_size_one: "true",
  mon_warn_on_pool_no_redundancy: "false",
  auth_allow_insecure_global_id_reclaim: "false",
  // In percent; the disk is this machine's, and others fill it.
  mon_data_avail_warn: 2,
  mon_data_avail_crit: 1,
  // Seconds: nobody else is asked, so a change need not wait for others to be decided with it.
  paxos_propose_interval: 0.1,
  // Bytes; the file takes room only as it fills.
  bluestore_block_size: 20 * 2 ** 30,
  bluestore_cache_autotune: "false",
  bluestore_cache_size: 64 * 2 ** 20,
  bluestore_fsck_on_mkfs: "false",
}

const where = ({ fsid, ip }: CephSpec) => ["[global]", `fsid = ${fsid}`, `mon_host = ${ip}`]

const keyring = ({ keys }: CephSpec, who: string, capabilities: Capabilities = {}) =>
  [
    `[${who}]`,
    `key = ${keys[who]}`,
    ...Object.entries(capabilities).map(([daemon, what]) => `caps ${daemon} = "${what}"`),
  ].join("\n")

/** What the cluster's container starts with, by file name. */
export const clusterFiles = (spec: CephSpec): Readonly<Record<string, string>> => ({
  "ceph.conf": [
    ...where(spec),
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    "[osd.0]",
    `osd_uuid = ${spec.osd}`,
    "",
  ].join("\n"),
  "cluster.keyring": `${Object.entries(everybody)
    .map(([who, capabilities]) => keyring(spec, who, capabilities))
    .join("\n")}\n`,
  pools: `${pools.join("\n")}\n`,
})

/** What a site has to have below `config/` to be the cluster's client, by path: docs/storage.md tells what for. */
export function siteFiles(spec: CephSpec): Readonly<Record<string, string>> {
  const conf = `${where(spec).join("\n")}\n`
  const keyringOf = (client: string) => ({ [`ceph.${client}.keyring`]: `${keyring(spec, client)}\n` })
  const places: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    glance: { "ceph.conf": conf, ...keyringOf("client.glance") },
    cinder: { "ceph.conf": conf, ...keyringOf("client.cinder") },
    "cinder/cinder-backup": keyringOf("client.cinder-backup"),
    nova: { "ceph.conf": conf, ...keyringOf("client.cinder") },
  }
  return Object.fromEntries(
    Object.entries(places).flatMap(([folder, files]) =>
      Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]),
    ),
  )
}
