import { globSync } from "node:fs"
import { mkdir, readFile } from "node:fs/promises"
import { BifrostError } from "../util/errors.ts"
import { run } from "../util/run.ts"
import { buildErrors } from "./errors.ts"

export interface DebianRoot {
  readonly suite: string
  /**
   * mmdebstrap's variant: `extract` only unpacks the packages and their dependencies, which is enough to take files from;
   * `minbase` gives a configured system.
   */
  readonly variant: "extract" | "minbase"
  /** Of the archive; `main` alone when not given. */
  readonly components?: readonly string[]
  readonly packages: readonly string[]
  /** Paths that dpkg leaves out, as patterns of dpkg's path-exclude. */
  readonly exclude?: readonly string[]
  readonly include?: readonly string[]
  /** Laid over the root before the packages that follow the essential ones are configured. */
  readonly overlay?: string
  /** Shell commands run at the end with the root's path as `$1`. */
  readonly customize?: readonly string[]
}

export interface WorkOptions {
  readonly progress?: (line: string) => void
  readonly signal?: AbortSignal
}

/** Makes a root filesystem from Debian packages in the directory `target`. Takes root, as device nodes and owners do. */
export async function makeDebianRoot(root: DebianRoot, target: string, options: WorkOptions = {}): Promise<void> {
  if (process.getuid?.() !== 0) throw new BifrostError(buildErrors.NEEDS_ROOT)
  await mkdir(target, { recursive: true })
  const args = [
    "--mode=root",
    `--variant=${root.variant}`,
    "--format=directory",
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Apt::Install-Recommends "false"',
    // The root is thrown away when the power fails; syncing after each package costs minutes.
    "--dpkgopt=force-unsafe-io",
    ...(root.exclude ?? []).map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    ...(root.include ?? []).map((pattern) => `--dpkgopt=path-include=${pattern}`),
    ...(root.overlay ? [`--essential-hook=sync-in ${root.overlay} /`] : []),
    ...(root.customize ?? []).map((command) => `--customize-hook=${command}`),
    `--include=${root.packages.join(",")}`,
    root.suite,
    target,
    ...sourceLines(await debianMirror(), root),
  ]
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", SOURCE_DATE_EPOCH: undefined }
  await run("mmdebstrap", args, {
    env,
    ...(options.signal ? { signal: options.signal } : {}),
    onLine: (line) => {
      const step = /^I: (.*)\.\.\.$/.exec(line)?.[1]
      if (step) options.progress?.(step)
    },
  })
}

/** Of apt's sources.list: the suite, its updates, its security updates. */
export function sourceLines(
  mirror: string,
  { suite, components = ["main"] }: Pick<DebianRoot, "suite" | "components">,
) {
  const places = [`${mirror} ${suite}`, `${mirror} ${suite}-updates`, `${mirror}-security ${suite}-security`]
  return places.map((place) => `deb ${place} ${components.join(" ")}`)
}

/**
 * The archive that this host's own apt uses for Debian; MIRROR_UNKNOWN where it names none. Security updates are expected
 * beside it at `-security`.
 */
export async function debianMirror(etc = "/etc/apt"): Promise<string> {
  const files = globSync(["sources.list", "sources.list.d/*.list", "sources.list.d/*.sources"], { cwd: etc }).sort()
  for (const file of files) {
    const found = mirrorIn(await readFile(`${etc}/${file}`, "utf8"))
    if (found) return found
  }
  throw new BifrostError(buildErrors.MIRROR_UNKNOWN, { detail: etc })
}

/** The first archive in a sources file, of either format, whose path ends in `/debian`. */
export function mirrorIn(sources: string): string | undefined {
  for (const line of sources.split("\n")) {
    const uris = /^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(.*)$/.exec(line)?.[1]
    const uri = uris?.split(/\s+/).find((word) => /^https?:\/\/\S+\/debian\/?$/.test(word))
    if (uri) return uri.replace(/\/$/, "")
  }
  return undefined
}
