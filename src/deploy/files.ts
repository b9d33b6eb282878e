import type { Change } from "../graph/step.ts"
import type { HostTransport } from "../transport/port.ts"
import { MASK, type Secret } from "../util/secret.ts"
import { redact } from "./secrets.ts"
import type { HostFile } from "./unit.ts"

/** Secrets are among them: only root reads them on the host; kolla_set_configs, as root, gives each its owner inside. */
export const fileMode = 0o600

export interface FilesSeen {
  /** undefined: absent. */
  readonly wanted: readonly {
    readonly file: HostFile
    readonly seen: string | undefined
    readonly mode: number | undefined
  }[]
  /** Files in the folder that no definition names any more. */
  readonly surplus: readonly string[]
}

export async function inspectFiles(
  transport: HostTransport,
  folder: string,
  files: readonly HostFile[],
  signal: AbortSignal,
): Promise<FilesSeen> {
  // No folder: nothing in it.
  const found = ["find", folder, "-mindepth", "1", "!", "-type", "d", "-printf", "%P\\0"]
  const { stdout } = await transport.exec(found, { accept: [1], signal })
  const names = stdout.split("\0").filter(Boolean).sort()
  const wanted = await Promise.all(
    files.map(async (file) => {
      const found = await transport.readFile(file.path, signal)
      return { file, seen: found?.content.toString("utf8"), mode: found?.mode }
    }),
  )
  const surplus = names.map((name) => `${folder}/${name}`).filter((path) => !files.some((file) => file.path === path))
  return { wanted, surplus }
}

export function planFiles(seen: FilesSeen, secrets: Iterable<Secret>): Change[] {
  const known = [...secrets]
  const changes = seen.wanted.flatMap(({ file, seen: content, mode }): Change[] => {
    if (content === undefined) return [{ action: "create", target: `file ${file.path}` }]
    if (content !== file.content) {
      if (file.secret) return [{ action: "update", target: `file ${file.path}`, reason: "content differs" }]
      const diff = lineDiff(redact(content, known), redact(file.content, known)).map(withoutSecrets)
      return [{ action: "update", target: `file ${file.path}`, reason: "content differs", diff }]
    }
    if (mode === fileMode) return []
    return [{ action: "update", target: `file ${file.path}`, reason: `mode is ${mode?.toString(8)}` }]
  })
  const removals = seen.surplus.map(
    (path): Change => ({ action: "remove", target: `file ${path}`, reason: "no longer defined" }),
  )
  return [...changes, ...removals]
}

export async function applyFiles(transport: HostTransport, seen: FilesSeen, signal: AbortSignal): Promise<void> {
  for (const { file, seen: content, mode } of seen.wanted) {
    if (content === file.content && mode === fileMode) continue
    await transport.writeFile(file.path, file.content, { mode: fileMode, signal })
  }
  for (const path of seen.surplus) await transport.removeFile(path, signal)
}

const section = /^\[.*\]$/

/**
 * Masks what a line's key says is secret, and passwords in URLs: the operator's overrides hold secrets that the store does not
 * know, and a host may still have a value from before a rotation.
 */
export function withoutSecrets(line: string): string {
  return line
    .replace(
      /^((?:[-+] )?\s*["']?[\w.-]*(?:pass|password|passwd|secret|token|_key|apikey)["']?\s*[=:]\s*).+$/i,
      `$1${MASK}`,
    )
    .replace(/^((?:[-+] )?\s*key\s*=\s*).+$/, `$1${MASK}`)
    .replace(/(:\/\/|,)([^:/@\s,]+):[^@\s,]+@/g, `$1$2:${MASK}@`)
}

/** The lines that are in one text only, `-` old and `+` new, in the order of the texts; each after its `[section]`. */
export function lineDiff(before: string, after: string): string[] {
  const [old, now] = [before.split("\n"), after.split("\n")]
  const length = longestCommon(old, now)
  const lines: string[] = []
  let [i, j] = [0, 0]
  let heading: string | undefined
  const push = (line: string) => {
    if (heading !== undefined) lines.push(`  ${heading}`)
    heading = undefined
    lines.push(line)
  }
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      if (section.test(old[i]!)) heading = old[i]
      ;[i, j] = [i + 1, j + 1]
    } else if (j >= now.length || (i < old.length && length[i + 1]![j]! >= length[i]![j + 1]!)) push(`- ${old[i++]}`)
    else push(`+ ${now[j++]}`)
  }
  return lines
}

/** Length of the longest common subsequence of each pair of tails. */
function longestCommon(a: readonly string[], b: readonly string[]): number[][] {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!)
    }
  }
  return table
}
