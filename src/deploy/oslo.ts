import { BifrostError } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"

type Scalar = string | number | boolean
/** A list is a key that is given several times (oslo.config's MultiStrOpt), in order. undefined leaves the key out. */
export type OsloValue = Scalar | readonly Scalar[] | undefined
/** Sections and keys keep their order. Rendering is the last thing that happens to it. */
export type OsloConfig = Readonly<Record<string, Readonly<Record<string, OsloValue>>>>

/** Later layers win key by key; a repeated key is replaced as a whole, never half. */
export function mergeOslo(...layers: readonly OsloConfig[]): OsloConfig {
  const merged: Record<string, Record<string, OsloValue>> = {}
  for (const layer of layers) {
    for (const [section, keys] of Object.entries(layer)) merged[section] = { ...merged[section], ...keys }
  }
  return merged
}

/** Throws OSLO_SYNTAX for a key or section that the format cannot carry. Line breaks in values become continuations. */
export function renderOslo(config: OsloConfig): string {
  const blocks = Object.entries(config).flatMap(([section, keys]) => {
    if (/[\]\n]/.test(section)) throw new BifrostError(deployErrors.OSLO_SYNTAX, { detail: `section ${section}` })
    const lines = Object.entries(keys).flatMap(([key, value]) => {
      if (/^\s|[=:\n[\]#;]|\s$|^$/.test(key)) throw new BifrostError(deployErrors.OSLO_SYNTAX, { detail: `key ${key}` })
      const values = value === undefined ? [] : Array.isArray(value) ? value : [value]
      return values.map((one) => `${key} = ${String(one).replaceAll("\n", "\n    ")}`)
    })
    return lines.length > 0 ? [[`[${section}]`, ...lines].join("\n")] : []
  })
  return `${blocks.join("\n\n")}\n`
}

/** Says where, and not what stands there: it may be a password. */
export class OsloSyntaxError extends BifrostError {
  /** From 1. */
  readonly line: number

  constructor(file: string, line: number) {
    super(deployErrors.OSLO_SYNTAX, { detail: `${file} line ${line}` })
    this.line = line
  }
}

/**
 * Reads a file as oslo.config does: comments only at the start of a line (`;` and `%` in values stay), repeated keys kept,
 * indented lines continue the value above.
 */
export function parseOslo(text: string, file = "configuration"): OsloConfig {
  // Without a prototype: a section may be called `constructor`.
  const config: Record<string, Record<string, string | string[]>> = Object.create(null)
  let section = "DEFAULT"
  let last: { key: string } | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || /^[#;]/.test(line)) continue
    const keys = config[section]
    if (/^\s/.test(line)) {
      if (!last || !keys) throw new OsloSyntaxError(file, index + 1)
      const value = keys[last.key]!
      const joined = `${Array.isArray(value) ? value.at(-1) : value}\n${line.trim()}`
      keys[last.key] = Array.isArray(value) ? [...value.slice(0, -1), joined] : joined
      continue
    }
    const header = /^\[([^\]]+)\]\s*$/.exec(line)
    if (header) {
      section = header[1]!
      config[section] ??= Object.create(null)
      last = undefined
      continue
    }
    const pair = /^([^=:]+?)\s*[=:]\s*(.*?)\s*$/.exec(line)
    if (!pair) throw new OsloSyntaxError(file, index + 1)
    const [key, value] = [pair[1]!, pair[2]!]
    config[section] ??= Object.create(null)
    const known = config[section]![key]
    config[section]![key] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value]
    last = { key }
  }
  return config
}
