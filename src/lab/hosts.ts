import { existsSync } from "node:fs"
import Docker from "dockerode"
import { systemClock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { labErrors } from "./errors.ts"
import { hostContainerOptions, hostUp, writeHostFiles } from "./host-container.ts"
import type { HostLayout, LabLayout } from "./layout.ts"
import { plug } from "./namespace.ts"
import { external, type HostSpec, type LabSpec, network } from "./spec.ts"

/** What a host is made with that the lab does not know by itself. */
export interface HostNeeds {
  /** Reference of the image `host` in the local engine. */
  readonly image: string
  /** Whom hosts let in: the site's public key, one line. */
  readonly authorizedKey: string
}

export interface HostState {
  readonly state: "running" | "stopped" | "absent"
  /** Of the host's first process, in this machine's numbers. */
  readonly pid: number | null
}

/** All that a lab has in the engine carries its name: containers and volumes are found by it, whoever made them half. */
const label = "io.bifrost-ts.lab"
const labelled = (lab: string) => ({ label: [`${label}=${lab}`] })

/** Makes the lab's hosts, or what is missing of them. Returns what was made, one line each. */
export async function ensureHosts(
  spec: LabSpec,
  layout: LabLayout,
  needs: HostNeeds,
  options: { readonly kvm: boolean; readonly signal?: AbortSignal },
): Promise<string[]> {
  const docker = await requireEngine()
  // One after the other until they run; what takes long, their engines' start, goes on at the same time.
  const made: string[] = []
  for (const host of spec.hosts) {
    options.signal?.throwIfAborted()
    made.push(...(await ensureHost(docker, spec.name, host, layout.host(host.name), needs, options.kvm)))
  }
  const containers = spec.hosts.map(({ name }) => docker.getContainer(layout.host(name).container))
  await Promise.all(containers.map((container) => hostUp(container, systemClock, options.signal)))
  return made
}

async function ensureHost(
  docker: Docker,
  lab: string,
  host: HostSpec,
  { container: name, dir }: HostLayout,
  { image, authorizedKey }: HostNeeds,
  kvm: boolean,
): Promise<string[]> {
  await writeHostFiles(dir, { hostKey: host.sshHostKey.private, authorizedKeys: authorizedKey })
  const container = docker.getContainer(name)
  const { state } = await inspect(container)
  if (state === "absent") {
    const where = { name, hostname: host.name, image, folder: dir, network: "none", address: host.ip }
    const options = { ...where, labels: { [label]: lab }, ...(kvm && { devices: ["/dev/kvm"] }) }
    await docker.createContainer(hostContainerOptions(options))
  }
  if (state !== "running") await container.start()
  const { pid } = await inspect(container)
  if (pid === null) throw new BifrostError(labErrors.LAB_HOST_FAILED, { node: host.name, detail: "it ended at once" })
  const address = `${host.ip}/${network.prefix}`
  await plug(lab, pid, { port: `veth${pid}`, bridge: network.bridge, inside: "eth0", mac: host.mac, address })
  await plug(lab, pid, { port: `vext${pid}`, bridge: external.bridge, inside: "eth1" })
  const how = state === "absent" ? "a container with an engine" : "started again"
  return state === "running" ? [] : [`${host.name}: ${how}, ${host.ip}`]
}

async function inspect(container: Docker.Container): Promise<HostState> {
  try {
    const { State } = await container.inspect()
    return State.Running ? { state: "running", pid: State.Pid } : { state: "stopped", pid: null }
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return { state: "absent", pid: null }
    throw error
  }
}

/** What the engine knows of a host; "absent" too when there is no engine. */
export async function hostState({ container }: HostLayout): Promise<HostState> {
  const docker = await engine()
  return docker ? inspect(docker.getContainer(container)) : { state: "absent", pid: null }
}

/** Removes all containers and volumes that carry the lab's name. Returns what they were, one line each. */
export async function removeHosts(lab: string): Promise<string[]> {
  const docker = await engine()
  if (!docker) return []
  const removed: string[] = []
  for (const { Id, Names } of await docker.listContainers({ all: true, filters: labelled(lab) })) {
    await docker.getContainer(Id).remove({ force: true, v: true })
    removed.push(`container ${Names[0]?.slice(1)}`)
  }
  const { Volumes } = await docker.listVolumes({ filters: labelled(lab) })
  for (const { Name } of Volumes ?? []) {
    await docker.getVolume(Name).remove()
    removed.push(`volume ${Name}`)
  }
  return removed
}

async function requireEngine(): Promise<Docker> {
  const docker = await engine()
  if (docker) return docker
  throw new BifrostError(labErrors.LAB_ENGINE_ABSENT)
}

async function engine(): Promise<Docker | undefined> {
  if (!process.env["DOCKER_HOST"] && !existsSync("/var/run/docker.sock")) return undefined
  const docker = new Docker()
  const answers = await docker.ping().catch(() => undefined)
  return answers && docker
}

/** argv of a shell on a host that needs neither its network nor its sshd: what a console is to a machine. */
export const hostShell = (pid: number) => [
  ...["nsenter", `--target=${pid}`, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "--"],
  ...["env", "-i", `TERM=${process.env["TERM"] ?? "linux"}`, "HOME=/root", "USER=root"],
  ...["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "bash", "-l"],
]
