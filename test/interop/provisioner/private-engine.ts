import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import Docker from "dockerode"
import { systemClock } from "../../../src/util/clock.ts"

/** A Docker Engine that takes a network namespace for its host's network. It shares nothing with the machine's own engine. */
export interface PrivateEngine {
  /** For DOCKER_HOST. */
  readonly host: string
  readonly docker: Docker
  stop(): Promise<void>
}

export async function startPrivateEngine(namespace: string): Promise<PrivateEngine> {
  // Not in /tmp, which may be a tmpfs or an overlay: the engine's own layers do not lie on every file system.
  const folder = mkdtempSync("/var/tmp/bifrost-engine-")
  const socket = `${folder}/engine.sock`
  mkdirSync(`${folder}/data`)
  const log = openSync(`${folder}/log`, "w")
  // Without a bridge and without rules it leaves the namespace's network as it is.
  const args = [
    ...["--data-root", `${folder}/data`, "--exec-root", `${folder}/exec`, "--pidfile", `${folder}/pid`],
    ...["--host", `unix://${socket}`, "--bridge", "none", "--iptables=false", "--ip6tables=false"],
    "--ip-forward=false",
  ]
  // What it mounts, it mounts for itself: the mounts end with it.
  const child = spawn("unshare", ["--mount", "nsenter", `--net=/run/netns/${namespace}`, "--", "dockerd", ...args], {
    stdio: ["ignore", log, log],
  })
  const docker = new Docker({ socketPath: socket })
  const stop = async () => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await answers(docker, child)
  } catch (error) {
    const said = readFileSync(`${folder}/log`, "utf8").slice(-2000)
    await stop()
    throw new Error(`the engine did not start: ${said}`, { cause: error })
  }
  return {
    host: `unix://${socket}`,
    docker,
    stop,
  }
}

async function answers(docker: Docker, child: ChildProcess): Promise<void> {
  const deadline = systemClock.now() + 60_000
  for (;;) {
    try {
      return void (await docker.ping())
    } catch (error) {
      if (child.exitCode !== null || systemClock.now() > deadline) throw error
      await systemClock.sleep(100)
    }
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once("close", resolve))
  child.kill("SIGTERM")
  await closed
}
