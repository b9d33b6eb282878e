import { PassThrough } from "node:stream"
import type Docker from "dockerode"
import { isLost } from "../transport/errors.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"

/** undefined when there is no such container. */
export async function findContainer(engine: Docker, name: string): Promise<Docker.ContainerInspectInfo | undefined> {
  return orAbsent(engine.getContainer(name).inspect())
}

export async function orAbsent<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

export const statusOf = (error: unknown): number | undefined =>
  typeof error === "object" && error !== null && "statusCode" in error ? Number(error.statusCode) : undefined

/** Removes a container, whatever state it is in; its volumes stay. */
export async function removeContainer(engine: Docker, name: string, stopSeconds = 30): Promise<void> {
  await stopContainer(engine, name, stopSeconds)
  await orAbsent(engine.getContainer(name).remove({ force: true }))
}

/** Ends a container that may have ended already or not be there. */
export async function stopContainer(engine: Docker, name: string, seconds: number): Promise<void> {
  const stopping = engine.getContainer(name).stop({ t: seconds })
  await orAbsent(stopping.catch((error) => (statusOf(error) === 304 ? undefined : Promise.reject(error))))
}

/** Starts a container that may have been started meanwhile: an engine that itself starts again does that. */
export async function startContainer(engine: Docker, name: string): Promise<void> {
  try {
    await engine.getContainer(name).start()
  } catch (error) {
    if (statusOf(error) !== 304) throw error
  }
}

/** The last lines that a container wrote. Rejects only when the host or its engine went away. */
export async function lastLines(engine: Docker, name: string, count = 20): Promise<string> {
  try {
    const raw = await engine.getContainer(name).logs({ stdout: true, stderr: true, tail: count })
    return demultiplex(raw).trim()
  } catch (error) {
    if (isLost(error)) throw error
    return `(its log could not be read: ${messageOf(error)})`
  }
}

/** Engine API, "Attach to a container": frames of [stream, 0, 0, 0, length (4, big-endian)] and payload. */
export function demultiplex(raw: Buffer): string {
  const parts: Buffer[] = []
  let at = 0
  while (at + 8 <= raw.length) {
    const length = raw.readUInt32BE(at + 4)
    parts.push(raw.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts).toString("utf8")
}

/** Runs a program in a running container, as its own user unless another is named, `input` on its standard input. */
export async function execIn(
  engine: Docker,
  container: string,
  command: readonly string[],
  options: { readonly user?: string; readonly input?: string; readonly signal: AbortSignal },
): Promise<{ code: number; stdout: string; stderr: string }> {
  const exec = await engine.getContainer(container).exec({
    Cmd: [...command],
    ...(options.user !== undefined && { User: options.user }),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  })
  const stream = await exec.start({ hijack: true, stdin: true })
  const output = { stdout: "", stderr: "" }
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output.stdout += chunk
  })
  stderr.setEncoding("utf8").on("data", (chunk: string) => {
    output.stderr += chunk
  })
  engine.modem.demuxStream(stream, stdout, stderr)
  const abort = () => stream.destroy()
  options.signal.addEventListener("abort", abort, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      stream.once("end", resolve).once("close", resolve).once("error", reject)
      stream.end(options.input ?? "")
    })
  } finally {
    options.signal.removeEventListener("abort", abort)
  }
  options.signal.throwIfAborted()
  const { ExitCode } = await exec.inspect()
  return { code: ExitCode ?? 255, ...output }
}

/** Waits until a container is healthy; CONTAINER_DIED or CONTAINER_UNHEALTHY carry its last lines. */
export function unhealthyError(host: string, name: string, died: boolean, detail: string): BifrostError {
  const kind = died ? deployErrors.CONTAINER_DIED : deployErrors.CONTAINER_UNHEALTHY
  return new BifrostError(kind, { node: host, detail: `${name}\n${detail}` })
}
