import { createInterface } from "node:readline"
import { PassThrough } from "node:stream"
import type Docker from "dockerode"

export interface ContainerRun {
  readonly image: string
  readonly command: readonly string[]
  readonly environment?: readonly string[]
  readonly binds?: readonly string[]
  /** `none` for a program that needs none, `container:ID` for another's. */
  readonly network?: "none" | "default" | `container:${string}`
  /** Start as the image does, with its own user and entrypoint, instead of as root with the command alone. */
  readonly asImage?: true
  readonly signal: AbortSignal
  /** Each line of standard output and standard error. */
  readonly onLine: (line: string) => void
}

/** Runs a program in a container of its own, which is gone afterwards, and gives its exit code. */
export async function runContainer(docker: Docker, run: ContainerRun): Promise<number> {
  const container = await docker.createContainer({
    Image: run.image,
    Cmd: [...run.command],
    ...(!run.asImage && { Entrypoint: [], User: "root" }),
    Env: [...(run.environment ?? [])],
    Tty: false,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: { Binds: [...(run.binds ?? [])], NetworkMode: run.network ?? "default" },
  })
  const remove = () => container.remove({ force: true, v: true }).catch(() => {})
  run.signal.addEventListener("abort", remove, { once: true })
  try {
    run.signal.throwIfAborted()
    const raw = await container.attach({ stream: true, stdout: true, stderr: true })
    const lines = new PassThrough()
    docker.modem.demuxStream(raw, lines, lines)
    raw.on("end", () => lines.end())
    const reading = (async () => {
      for await (const line of createInterface({ input: lines })) run.onLine(line)
    })()
    await container.start()
    const { StatusCode } = await container.wait()
    await reading
    run.signal.throwIfAborted()
    return StatusCode
  } finally {
    run.signal.removeEventListener("abort", remove)
    await remove()
  }
}
