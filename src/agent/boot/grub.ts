/** A system that can be started: paths as GRUB has them, from the root of the partition that holds the file. */
export interface BootEntry {
  readonly title: string
  readonly kernel: string
  readonly initrds: readonly string[]
  readonly cmdline: string
}

interface ParsedEntry extends BootEntry {
  readonly id: string | undefined
}

const kernelCommand = /^(?:linux|linux16|linuxefi|linux_hwe)\s+(.*)$/
const initrdCommand = /^(?:initrd|initrd16|initrdefi)\s+(.*)$/

/**
 * The default entry of a grub.cfg as grub-mkconfig writes it; undefined when it starts no Linux itself (a stub that
 * loads another file, BLS). Conditions are not evaluated: the entries that distributions generate do not depend on
 * them, except for `default`, of which the first literal value counts (the other branch is for `next_entry`).
 */
export function defaultGrubEntry(text: string, environment: ReadonlyMap<string, string>): BootEntry | undefined {
  const variables = new Map(environment)
  const entries: ParsedEntry[] = []
  let current:
    | { title: string; id: string | undefined; kernel?: string; cmdline: string; initrds: string[] }
    | undefined
  let chosen: string | undefined
  for (const raw of text.split("\n")) {
    const line = raw.trim()
    const menu = /^menuentry\s+(?:'([^']*)'|"([^"]*)"|(\S+))(.*)$/.exec(line)
    const set = /^set\s+(\w+)=(.*)$/.exec(line)
    const kernel = kernelCommand.exec(line)?.[1]
    const initrd = initrdCommand.exec(line)?.[1]
    if (menu) {
      const id = /(?:--id|menuentry_id_option)\s+'?([^'\s{]+)/.exec(menu[4] ?? "")?.[1]
      current = { title: menu[1] ?? menu[2] ?? menu[3] ?? "", id, cmdline: "", initrds: [] }
    } else if (set) {
      const value = expand(unquote(set[2] ?? ""), variables)
      if (set[1] === "default" && value !== "") chosen ??= value
      if (set[1] !== "default" && !variables.has(set[1]!)) variables.set(set[1]!, value)
    } else if (current && kernel !== undefined) {
      const [path = "", ...words] = expand(kernel, variables).split(/\s+/)
      current.kernel = unquote(path)
      current.cmdline = words.join(" ").trim()
    } else if (current && initrd !== undefined) {
      current.initrds.push(...expand(initrd, variables).split(/\s+/).filter(Boolean).map(unquote))
    } else if (current && line === "}") {
      if (current.kernel) entries.push({ ...current, kernel: current.kernel })
      current = undefined
    }
  }
  return pick(entries, chosen)
}

/** `0`, `title`, `id`, or a path into submenus, `Advanced options>id`. */
function pick(entries: readonly ParsedEntry[], chosen: string | undefined): ParsedEntry | undefined {
  const last = chosen?.split(">").at(-1)
  const byName = entries.find(({ title, id }) => last !== undefined && (title === last || id === last))
  const byNumber = chosen !== undefined && /^\d+$/.test(chosen) ? entries[Number(chosen)] : undefined
  return byName ?? byNumber ?? entries[0]
}

const unquote = (text: string) => text.trim().replace(/^(["'])(.*)\1$/, "$2")

/** `$name` and `${name}`; what is not set is empty, as in GRUB. */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) => variables.get(braced ?? bare) ?? "")
}

/** The environment block: `name=value` lines, padded with `#` to 1024 bytes. */
export function parseGrubEnvironment(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => !line.startsWith("#") && line.includes("="))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]))
}

/**
 * The newest entry of the Boot Loader Specification (loader/entries/*.conf), or the one that grubenv's `saved_entry`
 * names. `files` maps a file's name without `.conf` to its text.
 */
export function defaultBlsEntry(
  files: ReadonlyMap<string, string>,
  environment: ReadonlyMap<string, string>,
): BootEntry | undefined {
  const first = (fields: readonly (readonly [string, string])[], key: string) =>
    fields.find(([name]) => name === key)?.[1]
  const entries = [...files]
    .map(([id, text]) => ({ id, fields: blsFields(text) }))
    .map((entry) => ({ ...entry, kernel: expand(first(entry.fields, "linux") ?? "", environment).trim() }))
    .filter(({ kernel }) => kernel !== "")
  const newest = entries
    .filter(({ id }) => !id.includes("rescue"))
    .toSorted((a, b) => compareVersions(first(b.fields, "version") ?? b.id, first(a.fields, "version") ?? a.id))
  const chosen = entries.find(({ id }) => id === environment.get("saved_entry")) ?? newest[0]
  if (!chosen) return undefined
  const all = (key: string) =>
    chosen.fields.filter(([name]) => name === key).map(([, value]) => expand(value, environment).trim())
  return {
    title: first(chosen.fields, "title") ?? chosen.id,
    kernel: chosen.kernel,
    initrds: all("initrd")
      .flatMap((value) => value.split(/\s+/))
      .filter(Boolean),
    cmdline: all("options").filter(Boolean).join(" "),
  }
}

function blsFields(text: string): (readonly [string, string])[] {
  return text
    .split("\n")
    .map((line) => /^\s*([a-z-]+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => [match[1]!, match[2]!.trim()] as const)
}

const collator = new Intl.Collator("en", { numeric: true })
const compareVersions = (a: string, b: string) => collator.compare(a, b)
