import type { Step } from "../../graph/step.ts"
import type { DeployHost } from "../host.ts"

export interface SettingStepOptions {
  readonly id: string
  readonly host: DeployHost
  /** Read when the host boots. */
  readonly path: string
  /** Its whole content; a host that needs none of it has no file. */
  readonly content: string
  /** What of it is not in force now, in words. */
  readonly missing: (signal: AbortSignal) => Promise<readonly string[]>
  /** Puts it in force without a restart of anything. */
  readonly enforce: (signal: AbortSignal) => Promise<void>
}

interface Seen {
  readonly file: string | undefined
  readonly missing: readonly string[]
}

const comment = "# Kept by bifrost-ts bootstrap-servers: what the services on this host need.\n"

/** Settings of a host that last, and are in force. */
export function settingStep({ id, host, path, content, missing, enforce }: SettingStepOptions): Step<Seen> {
  const wanted = content === "" ? undefined : comment + content
  return {
    id,
    after: [],
    async inspect(signal) {
      const file = (await host.transport.readFile(path, signal))?.content.toString("utf8")
      return { file, missing: wanted === undefined ? [] : await missing(signal) }
    },
    plan: (seen) => [
      ...(seen.file === wanted
        ? []
        : [{ action: wanted === undefined ? ("remove" as const) : ("update" as const), target: `file ${path}` }]),
      ...seen.missing.map((what) => ({ action: "update" as const, target: what })),
    ],
    async apply(_changes, signal) {
      if (wanted === undefined) return host.transport.removeFile(path, signal)
      await host.transport.writeFile(path, wanted, { mode: 0o644, signal })
      await enforce(signal)
    },
  }
}
