import { spawn } from "node:child_process"
import { once } from "node:events"

export type Release = () => Promise<void>

/** Takes an exclusive lock on a file, or gives undefined at once when another has it. */
export function tryLock(path: string, signal?: AbortSignal): Promise<Release | undefined> {
  return hold(["--nonblock", path], signal)
}

/** Takes an exclusive lock on a file; calls `onWait` when another has it, and waits. */
export async function lockFile(path: string, onWait: () => void, signal?: AbortSignal): Promise<Release> {
  const immediately = await tryLock(path, signal)
  if (immediately) return immediately
  onWait()
  const afterwards = await hold([path], signal)
  if (!afterwards) throw new Error(`flock gave up on ${path}`)
  return afterwards
}

/**
 * The kernel keeps the lock (flock(2)) through a helper that lives as long as its standard input, which is ours: our death,
 * however sudden, frees the lock, and no stale lock file has to be judged.
 */
async function hold(args: readonly string[], signal?: AbortSignal): Promise<Release | undefined> {
  signal?.throwIfAborted()
  const child = spawn("flock", ["--exclusive", ...args, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const end = () => child.kill()
  signal?.addEventListener("abort", end, { once: true })
  const exited = once(child, "close").finally(() => signal?.removeEventListener("abort", end))
  const held = await Promise.race([once(child.stdout, "data").then(() => true), exited.then(() => false)])
  if (!held) {
    signal?.throwIfAborted()
    return undefined
  }
  return async () => {
    child.stdin.end()
    await exited
  }
}
