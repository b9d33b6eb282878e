import { didYouMean } from "../../util/closest.ts"
import { type Fault, fault } from "../../util/fault.ts"
import { readYaml } from "../../util/yaml.ts"
import { contextFrom } from "../context.ts"
import type { Inventory } from "../inventory.ts"
import { OsloSyntaxError, parseOslo } from "../oslo.ts"
import {
  type FileContent,
  type FilePlace,
  type MergeKind,
  mergeKind,
  type Overrides,
  overridePaths,
} from "../overrides.ts"
import { Placement } from "../placement.ts"
import { filesOf, type GivenFile, type ServiceDefinition } from "../service.ts"
import type { SiteConfig } from "../site.ts"
import { overridesFolder } from "./files.ts"
import { type Finding, isError } from "./finding.ts"
import { checkGiven } from "./given.ts"
import { checkOptionNames } from "./option-findings.ts"
import type { OptionLists } from "./option-lists.ts"

export interface PlacedFile extends FilePlace {
  readonly kind: MergeKind
  readonly image: string
  readonly builtin: FileContent
  /** The operator's to give; `file` is its name there. */
  readonly given?: GivenFile
}

/** Every file that a site lays down. What definitions make of them is asked with values that stand for the real ones. */
export function placedFiles(placement: Placement, site: SiteConfig): PlacedFile[] {
  return [...placement.containers, ...placement.tasks].flatMap(({ service, unit, host }) => {
    const context = {
      ...contextFrom(host, { cpus: 1, memoryMb: 1024, interfaces: [] }, { placement, site, secrets: new Map() }),
      network: () => ({ interface: "eth0", address: host.address }),
      secret: (name: string) => name,
      databaseUrl: () => "",
    }
    return filesOf(unit, context).map(({ name, content, given }): PlacedFile => {
      const place = { service, container: unit.name, host: host.name, image: unit.image }
      if (given) return { ...place, file: given.name, kind: "replace", builtin: undefined, given }
      const builtin = content(context)
      return { ...place, file: name, kind: mergeKind(name, builtin), builtin }
    })
  })
}

/** Override path → how it is merged there, for all that a site could use. */
export function usablePaths(files: readonly PlacedFile[]): ReadonlyMap<string, MergeKind> {
  return new Map(files.flatMap((file) => overridePaths(file, file.kind).map((path) => [path, file.kind] as const)))
}

export interface OverrideContext {
  readonly services: readonly ServiceDefinition[]
  /** Without it, or without a host in it, what is for one host is taken to be right. */
  readonly inventory?: Inventory
  readonly groups: readonly string[]
  readonly site: SiteConfig
  /** Which options an image's services know; without it names of options are not checked. */
  readonly options?: OptionLists
}

const anyHost = "<host>"

/**
 * A warning for each override file that is used by nothing, an error for each that cannot be read, and for each that a service
 * cannot be without.
 */
export function checkOverrides(overrides: Overrides, context: OverrideContext): Finding[] {
  const known = context.inventory?.hosts.length ? context.inventory : undefined
  const standIn = { name: anyHost, address: "192.0.2.1", port: 22, user: "root", hostKey: "", groups: context.groups }
  const inventory = known ?? { hosts: [standIn] }
  const placement = new Placement(context.services, inventory, context.site)
  const files = placedFiles(placement, context.site)
  const usable = usablePaths(files)
  const placed = [...overrides].flatMap(([path, text]): Finding[] => {
    const file = `${overridesFolder}/${path}`
    const kind = usable.get(known ? path : path.replace(/^([^/]+)\/[^/]+\//, `$1/${anyHost}/`))
    if (kind === undefined) {
      const what = `nothing uses this file: ${whyUnused(path, [...usable.keys()], { placement, inventory, services: context.services })}`
      return [{ ...fault({ line: 1, column: 1 }, what, ""), file, severity: "warning" }]
    }
    return faultsIn(kind, text).map((each) => ({ ...each, file, severity: "error" }))
  })
  const given = checkGiven(overrides, files)
  // What cannot be read has no options yet.
  const readable = !placed.some(isError)
  return [
    ...placed,
    ...given,
    ...(readable && context.options ? checkOptionNames(overrides, files, context.options) : []),
  ]
}

interface Known {
  readonly placement: Placement
  readonly inventory: Inventory
  readonly services: readonly ServiceDefinition[]
}

function whyUnused(path: string, usable: readonly string[], { placement, inventory, services }: Known): string {
  const [first = "", second, third] = path.split("/")
  const service = second === undefined ? first.replace(/\.[^.]*$/, "") : first
  const known = services.map(({ name }) => name)
  if (!known.includes(service)) return `no service is called ${service}${didYouMean(service, known)}`
  if (!placement.services.some(({ name }) => name === service)) return `${service} is off`
  const host = inventory.hosts.find(({ name }) => name === second || name === anyHost)
  const container = services.some(({ containers }) =>
    containers.some(({ name }) => [name, name.replaceAll("_", "-")].includes(second ?? "")),
  )
  if (third !== undefined && !host && !container)
    return `no host is called ${second}${didYouMean(
      second!,
      inventory.hosts.map(({ name }) => name),
    )}`
  const own = usable.filter((each) => each.startsWith(`${service}/`) || each === `${service}.conf`)
  const near = didYouMean(path, own)
  return near === ""
    ? `${service} has ${own.slice(0, 8).join(", ") || "no files"}`
    : `${service} has no such file${near}`
}

function faultsIn(kind: MergeKind, text: string): readonly Fault[] {
  if (kind === "yaml") return readYaml(text).faults
  if (kind === "replace") return []
  try {
    parseOslo(text)
    return []
  } catch (error) {
    if (!(error instanceof OsloSyntaxError)) throw error
    const expected = "[section], key = value, a comment or an indented continuation"
    return [fault({ line: error.line, column: 1 }, "not in oslo.config's format", expected)]
  }
}
