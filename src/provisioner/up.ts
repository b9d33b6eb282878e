import type Docker from "dockerode"
import { type Clock, systemClock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { connect, inspect, remove, requireImage } from "./engine.ts"
import { provisionerErrors } from "./errors.ts"
import { label, namesFor, networkHolder, type ProvisionerOptions, service, serviceUser } from "./spec.ts"
import { handOver } from "./state.ts"

export type Change = "created" | "recreated" | "started" | "unchanged"

export interface UpPort {
  /** Attaches the network holder, given by the process id of its namespace, to the lab's bridge. May be called again. */
  attach(pid: number): Promise<void>
  /** True once the service answers on its socket. */
  answers(): Promise<boolean>
}

const startDeadline = 60_000
const askEvery = 200

/** Brings the provisioner up. A second call finds everything as it should be and changes nothing. */
export async function up(options: ProvisionerOptions, port: UpPort, clock: Clock = systemClock): Promise<Change> {
  const engine = await connect()
  await requireImage(engine, options.image)
  await handOver(options.paths, serviceUser)
  if (options.lab !== undefined) {
    const names = namesFor(options.lab)
    const holder = await converge(engine, networkHolder(options))
    // A service that shares a namespace which is gone cannot be started again: it goes with the holder.
    if (holder === "recreated" || holder === "created") await remove(engine, names.service)
    const { State } = await engine.getContainer(names.network).inspect()
    await port.attach(State.Pid)
  }
  const change = await converge(engine, service(options))
  await untilAnswers(engine, namesFor(options.lab).service, port, clock)
  return change
}

/** Removes the provisioner's containers; the state directory stays. Returns the names of those that were there. */
export async function down(lab: string | undefined): Promise<string[]> {
  const engine = await connect()
  const removed: string[] = []
  const names = namesFor(lab)
  for (const name of [names.service, names.network]) if (await remove(engine, name)) removed.push(name)
  return removed
}

export interface ProvisionerStatus {
  readonly name: string
  readonly state: string
  readonly image: string
  readonly startedAt: string
}

export async function status(lab: string | undefined): Promise<ProvisionerStatus | undefined> {
  const engine = await connect()
  const seen = await inspect(engine, namesFor(lab).service)
  if (!seen) return undefined
  return {
    name: namesFor(lab).service,
    state: seen.State.Status,
    image: seen.Config.Image,
    startedAt: seen.State.StartedAt,
  }
}

/** The service's log; `follow` keeps the stream open. */
export async function logs(lab: string | undefined, follow: boolean, tail: number, out: NodeJS.WritableStream) {
  const engine = await connect()
  const container = engine.getContainer(namesFor(lab).service)
  if (follow) {
    const stream = await container.logs({ follow: true, stdout: true, stderr: true, tail })
    engine.modem.demuxStream(stream, out, out)
    await new Promise<void>((resolve, reject) => stream.on("end", resolve).on("error", reject))
    return
  }
  out.write(plainLog(await container.logs({ follow: false, stdout: true, stderr: true, tail })))
}

async function converge(engine: Docker, spec: Docker.ContainerCreateOptions): Promise<Change> {
  const name = spec.name ?? ""
  const seen = await inspect(engine, name)
  const wantedImage = (await engine.getImage(spec.Image ?? "").inspect()).Id
  const same = seen?.Config.Labels[label] === spec.Labels?.[label] && seen?.Image === wantedImage
  if (seen && same && seen.State.Running) return "unchanged"
  if (seen && same) {
    await engine.getContainer(name).start()
    return "started"
  }
  await remove(engine, name)
  await (await engine.createContainer(spec)).start()
  return seen ? "recreated" : "created"
}

async function untilAnswers(engine: Docker, name: string, port: UpPort, clock: Clock): Promise<void> {
  const deadline = clock.now() + startDeadline
  while (!(await port.answers())) {
    const seen = await inspect(engine, name)
    const failing = !seen || seen.RestartCount > 0 || !seen.State.Running
    if (failing || clock.now() > deadline) {
      const kind = failing ? provisionerErrors.PROVISIONER_DIED : provisionerErrors.PROVISIONER_SILENT
      const last = seen ? plainLog(await engine.getContainer(name).logs({ stdout: true, stderr: true, tail: 12 })) : ""
      throw new BifrostError(kind, { detail: `${name}\n${last}` })
    }
    await clock.sleep(askEvery)
  }
}

/** Joins the frames of the engine's multiplexed log (8 bytes of header each: stream, 3 × 0, big-endian length). */
function plainLog(framed: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= framed.length; ) {
    const length = framed.readUInt32BE(at + 4)
    parts.push(framed.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts).toString()
}
