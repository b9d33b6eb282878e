import { readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { pack } from "tar-stream"
import { run } from "../util/run.ts"
import type { KernelFiles } from "./sysfs.ts"

/** Lines of the agent's own log that are kept for log.collect_system_logs. */
const KEPT_LINES = 5000

export interface AgentLog {
  readonly write: (line: string) => void
  readonly text: () => string
}

/** To the console, and kept. `now` in ms since the epoch. */
export function agentLog(now: () => number, out: (line: string) => void): AgentLog {
  const lines: string[] = []
  return {
    write(line) {
      const stamped = `${new Date(now()).toISOString()} agent: ${line}`
      lines.push(stamped)
      if (lines.length > KEPT_LINES) lines.shift()
      out(stamped)
    },
    text: () => `${lines.join("\n")}\n`,
  }
}

/** base64 of a tar.gz: the agent's log, the kernel's, and what the kernel says of disks and devices. */
export async function collectLogs(files: KernelFiles, log: AgentLog): Promise<string> {
  const archive = pack()
  const parts: Buffer[] = []
  const gathered = (async () => {
    for await (const part of archive as AsyncIterable<Buffer>) parts.push(part)
  })()
  const contents: Record<string, string> = {
    "agent.log": log.text(),
    dmesg: (await run("dmesg", []).catch((error: Error) => ({ stdout: `${error.message}\n` }))).stdout,
  }
  for (const name of ["cmdline", "partitions", "meminfo", "cpuinfo", "mounts", "modules"]) {
    contents[`proc/${name}`] = withoutToken(readOr(files.path(`proc/${name}`)))
  }
  for (const [name, text] of Object.entries(contents)) archive.entry({ name }, text)
  archive.finalize()
  await gathered
  return gzipSync(Buffer.concat(parts)).toString("base64")
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    return `${error}\n`
  }
}

const withoutToken = (text: string) => text.replace(/(ipa-agent-token=)\S+/g, "$1******")
