import type { Step } from "../graph/step.ts"
import { BifrostError } from "../util/errors.ts"
import { execIn, findContainer, orAbsent, removeContainer, stopContainer } from "./engine.ts"
import { deployErrors } from "./errors.ts"
import type { DeployHost } from "./host.ts"
import { mariadbClient } from "./mariadb-client.ts"

/** One server of the database's cluster, as it is. */
export interface MemberSeen {
  readonly host: string
  /** It serves, and sees most of the others. */
  readonly serves: boolean
  /** It has data, or is about to. */
  readonly volume: boolean
  /** Galera's grastate.dat; none before it was first in a cluster. */
  readonly state: string | undefined
}

export type ClusterDecision =
  | { readonly kind: "none" }
  /** Nobody has been in a cluster: this one begins it, with the data that it may have. */
  | { readonly kind: "begin"; readonly host: string }
  /** All are down and none knows that it was the last. */
  | { readonly kind: "recover"; readonly hosts: readonly string[] }
  /** Several have data that never was in one cluster. */
  | { readonly kind: "ambiguous"; readonly hosts: readonly string[] }

const mayBegin = ({ state }: MemberSeen) => /^safe_to_bootstrap: *1$/m.test(state ?? "")

export function clusterDecision(members: readonly MemberSeen[]): ClusterDecision {
  const names = (of: readonly MemberSeen[]) => of.map(({ host }) => host)
  const withData = members.filter(({ volume }) => volume)
  const known = members.filter(({ state }) => state !== undefined)
  if (members.some(({ serves }) => serves)) return { kind: "none" }
  if (withData.length === 0) return { kind: "begin", host: members[0]!.host }
  if (known.length === 0) {
    return withData.length === 1
      ? { kind: "begin", host: withData[0]!.host }
      : { kind: "ambiguous", hosts: names(withData) }
  }
  return known.filter(mayBegin).length === 1 ? { kind: "none" } : { kind: "recover", hosts: names(known) }
}

export interface Position {
  readonly host: string
  readonly uuid: string
  readonly seqno: number
}

/** The most advanced; throws CLUSTER_AMBIGUOUS when they are not of one history. */
export function mostAdvanced(positions: readonly Position[]): Position {
  const real = positions.filter(({ uuid, seqno }) => seqno >= 0 && /[1-9a-f]/.test(uuid))
  const told = positions.map(({ host, uuid, seqno }) => `${host} ${uuid}:${seqno}`).join(", ")
  if (new Set(real.map(({ uuid }) => uuid)).size !== 1)
    throw new BifrostError(deployErrors.CLUSTER_AMBIGUOUS, { detail: told, expected: "one history" })
  return real.reduce((best, each) => (each.seqno > best.seqno ? each : best))
}

/** `WSREP: Recovered position: UUID:SEQNO` */
export function positionFrom(host: string, log: string): Position | undefined {
  const [, uuid, seqno] = [...log.matchAll(/Recovered position: *([0-9a-f-]{36}):(-?\d+)/g)].at(-1) ?? []
  return uuid === undefined ? undefined : { host, uuid, seqno: Number(seqno) }
}

export interface ClusterStepOptions {
  readonly id: string
  readonly after: readonly string[]
  /** Those that carry the database, in the inventory's order. */
  readonly hosts: readonly DeployHost[]
  /** Reference of its image. */
  readonly image: string
}

const name = "mariadb"
/** The account `mysql` of the image; Kolla's number. */
const owner = { uid: 42_434, gid: 42_434 }
const fresh =
  "# GALERA saved state\nversion: 2.1\nuuid:    00000000-0000-0000-0000-000000000000\nseqno:   -1\nsafe_to_bootstrap: 1\n"

/**
 * Who may begin the database's cluster: decided while all members can be asked, before any container starts. Where one serves there is
 * nothing to decide; that is nearly always.
 */
export function clusterStep({ id, after, hosts, image }: ClusterStepOptions): Step<readonly MemberSeen[]> {
  let last: ClusterDecision = { kind: "none" }
  const hostNamed = (wanted: string) => hosts.find(({ entry }) => entry.name === wanted)!
  return {
    id,
    after,
    async inspect(signal) {
      const members = await Promise.all(hosts.map((host) => memberSeen(host, signal)))
      last = clusterDecision(members)
      if (last.kind !== "ambiguous") return members
      const detail = `${last.hosts.join(", ")} have data of their own`
      throw new BifrostError(deployErrors.CLUSTER_AMBIGUOUS, { detail, expected: "one of them, or one history" })
    },
    plan(members) {
      const decision = clusterDecision(members)
      const target = "cluster of mariadb"
      if (decision.kind === "begin") return [{ action: "create", target, reason: `${decision.host} begins it` }]
      if (decision.kind !== "recover") return []
      const among = decision.hosts.join(", ")
      return [{ action: "start", target, reason: `no member serves: the most advanced of ${among} begins it again` }]
    },
    async apply(_changes, signal) {
      const decision = last
      if (decision.kind === "begin") await letBegin(hostNamed(decision.host), fresh, signal)
      if (decision.kind === "recover") await recover(decision.hosts.map(hostNamed), image, signal)
      for (const host of hosts) host.touched()
    },
  }
}

async function memberSeen(host: DeployHost, signal: AbortSignal): Promise<MemberSeen> {
  const { engine } = host.transport
  const [container, folder] = await Promise.all([findContainer(engine, name), dataFolder(host)])
  const base = { host: host.entry.name, volume: folder !== undefined }
  if (container?.State.Running) {
    const ask = "SHOW STATUS WHERE Variable_name = 'wsrep_cluster_status' AND Value = 'Primary'"
    const command = [...mariadbClient, "--batch", "--skip-column-names", `--execute=${ask}`]
    const { code, stdout } = await execIn(engine, name, command, { user: "mysql", signal })
    if (code === 0 && stdout.includes("Primary")) return { ...base, serves: true, state: undefined }
  }
  return { ...base, serves: false, state: folder && (await stateOf(host, folder, signal)) }
}

async function dataFolder(host: DeployHost): Promise<string | undefined> {
  return (await orAbsent(host.transport.engine.getVolume(name).inspect()))?.Mountpoint
}

const stateOf = async (host: DeployHost, folder: string, signal: AbortSignal) =>
  (await host.transport.readFile(`${folder}/grastate.dat`, signal))?.content.toString("utf8")

async function letBegin(host: DeployHost, state: string, signal: AbortSignal): Promise<void> {
  await host.transport.engine.createVolume({ Name: name })
  const folder = await dataFolder(host)
  await host.transport.writeFile(`${folder}/grastate.dat`, state, { mode: 0o660, owner, signal })
}

/** Every member says how far it came; all must have answered before one is chosen. */
async function recover(hosts: readonly DeployHost[], image: string, signal: AbortSignal): Promise<void> {
  await Promise.all(hosts.map(({ transport }) => stopContainer(transport.engine, name, 60)))
  const positions = await Promise.all(hosts.map((host) => positionOf(host, image, signal)))
  const chosen = mostAdvanced(positions)
  for (const host of hosts) {
    const folder = (await dataFolder(host))!
    const state = (await stateOf(host, folder, signal)) ?? fresh
    const begins = host.entry.name === chosen.host ? 1 : 0
    await letBegin(host, state.replace(/^safe_to_bootstrap:.*$/m, `safe_to_bootstrap: ${begins}`), signal)
    // Who was in it before: the members would wait for each other by that, and not for the one that begins.
    await host.transport.removeFile(`${folder}/gvwstate.dat`, signal)
  }
}

/** Started for nothing else than to say where its data stands. Throws CLUSTER_AMBIGUOUS when it does not say. */
async function positionOf(host: DeployHost, image: string, signal: AbortSignal): Promise<Position> {
  const { engine } = host.transport
  const asking = "mariadb_position"
  await removeContainer(engine, asking, 30)
  const container = await engine.createContainer({
    name: asking,
    Image: image,
    Entrypoint: ["/usr/sbin/mariadbd"],
    // By its own configuration, which root alone can read: with another one it would change its log's size on the way.
    Cmd: [
      "--defaults-file=/config/my.cnf",
      "--user=mysql",
      "--wsrep-recover",
      "--disable-log-error",
      "--skip-networking",
    ],
    User: "root",
    HostConfig: { NetworkMode: "none", Binds: [`${name}:/var/lib/mysql`, `/etc/kolla/${name}/:/config:ro`] },
  })
  try {
    await container.start()
    await container.wait({ abortSignal: signal })
    const log = (await container.logs({ stdout: true, stderr: true })).toString("utf8")
    const position = positionFrom(host.entry.name, log)
    if (position) return position
    const detail = `${host.entry.name} does not say how far its data came: ${log.split("\n").slice(-5).join(" ")}`
    throw new BifrostError(deployErrors.CLUSTER_AMBIGUOUS, { detail, expected: "all members' positions" })
  } finally {
    await removeContainer(engine, asking, 5)
  }
}
