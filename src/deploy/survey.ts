import { createHash } from "node:crypto"
import type Docker from "dockerode"
import type { HostTransport } from "../transport/port.ts"
import { fileMode } from "./files.ts"
import { oldName } from "./replace.ts"
import { labels, ownerValue, type Unit } from "./unit.ts"

/**
 * All that a host has, by one look: what is as wanted is known from this, and only the rest is inspected piece by piece. A
 * host with 35 containers costs five questions instead of some thousand round trips.
 */
export interface Survey {
  readonly containers: ReadonlyMap<string, Docker.ContainerInfo>
  /** `registry/repository@sha256:…` */
  readonly images: ReadonlySet<string>
  /** Volume → when it was made. */
  readonly volumes: ReadonlyMap<string, string>
  /** Folder under /etc/kolla → path in it → `type mode sha256`. */
  readonly folders: ReadonlyMap<string, ReadonlyMap<string, string>>
}

const root = "/etc/kolla"
/**
 * Entries as `TYPE MODE NAME`, then the sums of those that are files; each ended by a zero byte. A file that another step
 * replaces meanwhile has no sum: it is inspected by itself.
 */
const listing = `cd ${root} 2>/dev/null || exit 0
find . -mindepth 2 -maxdepth 3 ! -type d -printf '%y %m %P\\0'
find . -mindepth 2 -maxdepth 3 -type f -print0 | xargs -0r sha256sum -z 2>/dev/null || :`

export async function surveyOf({ engine, exec }: HostTransport): Promise<Survey> {
  const [containers, images, { Volumes: volumes }, listed] = await Promise.all([
    engine.listContainers({ all: true }),
    engine.listImages(),
    engine.listVolumes(),
    exec(["sh", "-c", listing]),
  ])
  const made = (volumes ?? []).map(
    (volume) => [volume.Name, "CreatedAt" in volume ? String(volume.CreatedAt) : ""] as const,
  )
  return {
    containers: new Map(containers.map((container) => [(container.Names[0] ?? "").replace(/^\//, ""), container])),
    images: new Set(images.flatMap(({ RepoDigests }) => RepoDigests ?? [])),
    volumes: new Map(made),
    folders: foldersFrom(listed.stdout),
  }
}

export function foldersFrom(listed: string): Map<string, Map<string, string>> {
  const folders = new Map<string, Map<string, string>>()
  const put = (path: string, value: (before: string) => string) => {
    const at = path.indexOf("/")
    const folder = `${root}/${path.slice(0, at)}`
    const names = folders.get(folder) ?? new Map<string, string>()
    folders.set(folder, names)
    names.set(path.slice(at + 1), value(names.get(path.slice(at + 1)) ?? ""))
  }
  for (const entry of listed.split("\0")) {
    const [, sum, summed] = /^([0-9a-f]{64}) [ *]\.\/(.+)$/s.exec(entry) ?? []
    const [, type, mode, path] = /^(\w) ([0-7]+) (.+)$/s.exec(entry) ?? []
    if (summed !== undefined) put(summed, (before) => `${before} ${sum}`)
    else if (path !== undefined) put(path, () => `${type} ${mode}`)
  }
  return folders
}

/** Whether a unit's files are just what they should be. */
function hasFiles({ folders }: Survey, { folder, files }: Unit): boolean {
  const names = folders.get(folder)
  return (
    names?.size === files.length &&
    files.every(({ path, content }) => {
      const sum = createHash("sha256").update(content).digest("hex")
      return names.get(path.slice(folder.length + 1)) === `f ${fileMode.toString(8)} ${sum}`
    })
  )
}

/** Whether a container is surely as wanted: made from the same, running, healthy, its files untouched. */
export function isServing(survey: Survey, unit: Unit): boolean {
  const container = survey.containers.get(unit.name)
  if (!container || survey.containers.has(oldName(unit.name))) return false
  const { State, Status, Labels } = container
  // The engine's list tells health in the status text only: `Up 3 minutes (healthy)`.
  const healthy = unit.options.Healthcheck ? Status.endsWith("(healthy)") : !Status.includes("(")
  return State === "running" && healthy && hasLabels(Labels, unit.labels) && hasFiles(survey, unit)
}

/** Whether it was made by a deployment of this site. */
export const isOurs = (container: Docker.ContainerInfo | undefined): container is Docker.ContainerInfo =>
  container?.Labels[labels.owner] === ownerValue

/** Whether a task surely ended well for this fingerprint, or what it does was brought about without it. */
export function isDone({ containers }: Survey, name: string, fingerprint: string): boolean {
  const container = containers.get(name)
  if (!container) return false
  const ended = container.State === "exited" && container.Status.startsWith("Exited (0)")
  const spared = container.State === "created" && container.Labels[labels.spared] !== undefined
  return (ended || spared) && container.Labels[labels.task] === fingerprint
}

const hasLabels = (has: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>) =>
  Object.entries(wanted).every(([name, value]) => has[name] === value)
