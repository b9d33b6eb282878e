import { existsSync } from "node:fs"
import Docker from "dockerode"
import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { labErrors } from "./errors.ts"

/** What of a lab runs in this machine's engine. */
export interface ContainerState {
  readonly state: "running" | "stopped" | "absent"
  /** Of the container's first process, in this machine's numbers. */
  readonly pid: number | null
}

/** All that a lab has in the engine carries its name: containers and volumes are found by it, whoever made them half. */
const label = "io.bifrost-ts.lab"
const labelled = (lab: string) => ({ label: [`${label}=${lab}`] })
export const labelsOf = (lab: string): Readonly<Record<string, string>> => ({ [label]: lab })

/** What the container was before, and the process that it has now. */
export interface Started {
  readonly before: ContainerState["state"]
  readonly pid: number
}

/** Makes the container if it is absent and starts it if it does not run. Rejects with LAB_HOST_FAILED when it ends at once. */
export async function ensureRunning(
  docker: Docker,
  node: string,
  options: Docker.ContainerCreateOptions & { readonly name: string },
): Promise<Started> {
  const container = docker.getContainer(options.name)
  const { state: before } = await inspect(container)
  if (before === "absent") await docker.createContainer(options)
  if (before !== "running") await container.start()
  const { pid } = await inspect(container)
  if (pid === null) throw new BifrostError(labErrors.LAB_HOST_FAILED, { node, detail: "it ended at once" })
  return { before, pid }
}

async function inspect(container: Docker.Container): Promise<ContainerState> {
  try {
    const { State } = await container.inspect()
    return State.Running ? { state: "running", pid: State.Pid } : { state: "stopped", pid: null }
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return { state: "absent", pid: null }
    throw error
  }
}

/** What the engine knows of a container; "absent" too when there is no engine. */
export async function containerState(name: string): Promise<ContainerState> {
  const docker = await engine()
  return docker ? inspect(docker.getContainer(name)) : { state: "absent", pid: null }
}

/** Removes all containers and volumes that carry the lab's name. Returns what they were, one line each. */
export async function removeContainers(lab: string): Promise<string[]> {
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

export async function requireEngine(): Promise<Docker> {
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

const upWithin = 60_000
const lookEvery = 200

/**
 * Resolves once the container runs and all `files`, paths inside it, are there. Rejects with LAB_HOST_FAILED, which carries
 * the last lines that it said.
 */
export async function containerUp(
  container: Docker.Container,
  files: readonly string[],
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = clock.now() + upWithin
  for (;;) {
    const { State, Name } = await container.inspect()
    if (State.Running && files.every((file) => existsSync(`/proc/${State.Pid}/root${file}`))) return
    if (!State.Running || clock.now() > deadline) {
      const lines = textOf(await container.logs({ stdout: true, stderr: true, tail: 15 }))
      const what = State.Running ? "it runs, and does not answer" : `it ended (exit ${State.ExitCode})`
      throw new BifrostError(labErrors.LAB_HOST_FAILED, { node: Name.slice(1), detail: `${what}\n${lines}` })
    }
    await clock.sleep(lookEvery, signal)
  }
}

/** The engine's stream format: a header of eight bytes, the last four the length, before each piece. */
function textOf(frames: Buffer): string {
  const pieces: string[] = []
  for (let at = 0; at + 8 <= frames.length; ) {
    const end = at + 8 + frames.readUInt32BE(at + 4)
    pieces.push(frames.toString("utf8", at + 8, end))
    at = end
  }
  return pieces.join("")
}
