import { Settings } from "typebox/system"
import { Value } from "typebox/value"
import { didYouMean } from "../../util/closest.ts"
import { fault, inOrder, quoted } from "../../util/fault.ts"
import { readYaml, type YamlFile, type YamlPath } from "../../util/yaml.ts"
import { resolveSite, type SiteConfig, type SiteFile } from "../site.ts"
import type { Finding } from "./finding.ts"
import { checkable, nodeAt, type SchemaNode, schemaKeys } from "./schema.ts"

// Of a file with many errors all are told; the library stops at the eighth.
Settings.Set({ maxErrors: 1000 })

export interface SiteRead {
  /** Absent when the file has errors. */
  readonly site?: SiteConfig
  readonly findings: readonly Finding[]
  readonly placeOf: YamlFile["placeOf"]
}

/** Reads bifrost.yaml: every error with its place, or the site with its defaults. Never throws. */
export function readSite(content: string, file = "bifrost.yaml"): SiteRead {
  const { value, placeOf, placeOfKey, faults } = readYaml(content)
  const error = (each: (typeof faults)[number]): Finding => ({ ...each, file, severity: "error" })
  if (faults.length > 0) return { findings: faults.map(error), placeOf }
  // A key without a value says nothing, as an empty file does: all its lines may be comments.
  const given = withoutNulls(value ?? {}) as SiteFile
  const wrong = Value.Errors(checkable, given).flatMap(({ keyword, instancePath, params }) => {
    const path = pathOf(instancePath, given)
    const node = nodeAt(path)
    if (keyword === "additionalProperties") {
      const { additionalProperties } = params as { additionalProperties: string[] }
      return additionalProperties.map((key) => fault(placeOfKey([...path, key]), ...unknownKey(key, path, node)))
    }
    if (keyword === "required") {
      const { requiredProperties } = params as { requiredProperties: string[] }
      return requiredProperties.map((key) =>
        fault(placeOfKey(path), `${path.join(".")} without ${key}`, kindOf(node?.properties?.[key])),
      )
    }
    // What stands behind a key that is unknown is told with the key.
    if (keyword === "boolean") return []
    return [fault(placeOf(path), `${path.join(".") || "the file"} is ${quoted(at(given, path))}`, kindOf(node))]
  })
  if (wrong.length > 0) return { findings: inOrder(wrong).map(error), placeOf }
  return { site: resolveSite(given), findings: [], placeOf }
}

function unknownKey(key: string, path: YamlPath, node: SchemaNode | undefined): [what: string, expected: string] {
  const siblings = Object.keys(node?.properties ?? {})
  const everywhere = schemaKeys()
  const moved = everywhere.find(({ node: { kolla } }) => kolla === key)
  const elsewhere = everywhere.filter((each) => each.path.split(".").at(-1) === key)
  const near = didYouMean(key, siblings)
  const hint = moved
    ? `, it is called ${moved.path} here`
    : near === "" && elsewhere.length > 0
      ? `, it belongs to ${elsewhere.map((each) => each.path).join(" or ")}`
      : near
  return [`unknown key ${[...path, key].join(".")}${hint}`, siblings.join(", ")]
}

function kindOf(node: SchemaNode | undefined): string {
  if (node?.enum) return node.enum.join(" or ")
  if (node?.pattern !== undefined) return node.description ?? node.pattern
  switch (node?.type) {
    case "boolean":
      return "true or false"
    case "integer":
      return `a whole number from ${node.minimum} to ${node.maximum}`
    case "string":
      return "text"
    case "array":
      return "a list of at least one"
    default:
      return `a map${node?.properties ? ` of ${Object.keys(node.properties).join(", ")}` : ""}`
  }
}

/** RFC 6901. Digits are an index where a list stands, else a key. */
function pathOf(pointer: string, root: unknown): YamlPath {
  const path: (string | number)[] = []
  let value = root
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~")
    path.push(Array.isArray(value) ? Number(key) : key)
    value = at(value, path.slice(-1))
  }
  return path
}

const at = (root: unknown, path: YamlPath): unknown =>
  path.reduce<unknown>((value, part) => (value as Record<string | number, unknown> | null | undefined)?.[part], root)

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => (child === null ? [] : [[key, withoutNulls(child)]])),
  )
}
