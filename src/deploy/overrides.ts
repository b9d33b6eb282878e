import { isMap, parse, parseDocument, stringify } from "yaml"
import { BifrostError, messageOf } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"
import { mergeOslo, type OsloConfig, parseOslo } from "./oslo.ts"

/** Path below the site's `config/` → what the operator wrote there. */
export type Overrides = ReadonlyMap<string, string>
export const noOverrides: Overrides = new Map()

/** What a definition makes of a file: an oslo.config one, any other text, or nothing unless the operator gives one. */
export type FileContent = OsloConfig | string | undefined

export interface FilePlace {
  readonly service: string
  readonly container: string
  readonly host: string
  /** `nova.conf` */
  readonly file: string
}

/** How layers come together: key by key, or the last one as a whole. */
export type MergeKind = "oslo" | "yaml" | "replace"

export function mergeKind(file: string, builtin: FileContent): MergeKind {
  if (typeof builtin === "object") return "oslo"
  return /\.ya?ml$/.test(file) ? "yaml" : "replace"
}

/**
 * Where an override of a file may stand, later wins. kolla-ansible's places: a service's own oslo.config file takes those of all
 * services, of the service, of the container (its name with `_` or `-`) and of the service on a host; others their own name, in
 * the folder of the service, of the container or of the host.
 */
export function overridePaths({ service, container, host, file }: FilePlace, kind: MergeKind): string[] {
  const main = kind === "oslo" && file.endsWith(".conf")
  const paths = main
    ? [
        "global.conf",
        `${service}.conf`,
        `${service}/${file}`,
        `${service}/${container}.conf`,
        `${service}/${container.replaceAll("_", "-")}.conf`,
        `${service}/${host}/${service}.conf`,
        `${service}/${host}/${file}`,
      ]
    : [
        `${service}/${file}`,
        `${service}/${container}/${file}`,
        `${service}/${container.replaceAll("_", "-")}/${file}`,
        `${service}/${host}/${file}`,
      ]
  return [...new Set(paths)]
}

export interface Amended<Content extends FileContent = FileContent> {
  readonly content: Content
  /** The override files that went into it, in their order. */
  readonly used: readonly string[]
}

/** The file as it is laid down. Throws OVERRIDE_INVALID for an override that its format cannot hold. */
export function amend(overrides: Overrides, place: FilePlace, builtin: FileContent): Amended {
  const kind = mergeKind(place.file, builtin)
  const used = overridePaths(place, kind).filter((path) => overrides.has(path))
  if (used.length === 0) return { content: builtin, used }
  const texts = used.map((path) => ({ path, text: overrides.get(path)! }))
  if (kind === "replace") return { content: texts.at(-1)!.text, used }
  if (kind === "oslo") {
    const layers = texts.map(({ path, text }) => parseOslo(text, `config/${path}`))
    return { content: mergeOslo(builtin as OsloConfig, ...layers), used }
  }
  const layers = texts.map(({ path, text }) => parseYaml(text, path))
  const base = builtin === undefined ? [] : [parse(builtin as string)]
  return { content: stringify([...base, ...layers].reduce(mergeYaml)), used }
}

/** Maps merge key by key, at every depth; everything else is replaced, lists too. */
export function mergeYaml(under: unknown, over: unknown): unknown {
  if (!isPlain(under) || !isPlain(over)) return over
  const merged: Record<string, unknown> = Object.assign(Object.create(null), under)
  for (const [key, value] of Object.entries(over)) {
    merged[key] = Object.hasOwn(under, key) ? mergeYaml(under[key], value) : value
  }
  return merged
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function parseYaml(text: string, path: string): unknown {
  const document = parseDocument(text, { prettyErrors: true })
  const [error] = document.errors
  if (error || !isMap(document.contents)) {
    const detail = `config/${path}: ${error ? messageOf(error) : "it is not a map of keys"}`
    throw new BifrostError(deployErrors.OVERRIDE_INVALID, { detail })
  }
  return document.toJS({ maxAliasCount: 100 })
}
