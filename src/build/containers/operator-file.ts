import { readFile } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import { Settings } from "typebox/system"
import { Value } from "typebox/value"
import { didYouMean } from "../../util/closest.ts"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { type Fault, fault, inOrder, quoted } from "../../util/fault.ts"
import { readYaml, type YamlFile, type YamlPath } from "../../util/yaml.ts"
import { containerBuildErrors } from "./errors.ts"
import { type OperatorFile, operatorSchema } from "./operator-schema.ts"
import type { ImageOverride, ImageOverrides } from "./overrides.ts"
import { findRelease } from "./releases.ts"
import type { BuildSettings } from "./settings.ts"

// Of a file with many errors all are told; the library stops at the eighth.
Settings.Set({ maxErrors: 1000 })

export interface OperatorSettings {
  readonly settings: Partial<BuildSettings>
  /** Where each value stands, for what is said of it later. */
  readonly placeOf: YamlFile["placeOfKey"]
}

/** Reads the operator's file. OVERRIDES_INVALID tells every error with its place; a file that is not there says nothing. */
export async function readOperatorFile(file: string): Promise<OperatorSettings | undefined> {
  let content: string
  try {
    content = await readFile(file, "utf8")
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw new BifrostError(containerBuildErrors.OVERRIDES_UNREADABLE, { detail: messageOf(cause), cause })
  }
  const { settings, faults, placeOf } = parseOperatorFile(content, dirname(resolve(file)))
  if (settings) return { settings, placeOf }
  const detail = faults.map((each) => `\n${faultLine(file, each)}`).join("")
  throw new BifrostError(containerBuildErrors.OVERRIDES_INVALID, { detail })
}

/** `FILE:3:5: unknown key packges (expected packages, …)` */
export const faultLine = (file: string, { line, column, what, expected }: Fault) =>
  `${file}:${line}:${column}: ${what}${expected === "" ? "" : ` (expected ${expected})`}`

/** @param folder what the file's relative paths start from */
export function parseOperatorFile(
  content: string,
  folder: string,
): { settings?: Partial<BuildSettings>; faults: readonly Fault[]; placeOf: YamlFile["placeOfKey"] } {
  const { value, faults, placeOf, placeOfKey } = readYaml(content)
  if (faults.length > 0) return { faults, placeOf: placeOfKey }
  const given = value ?? {}
  const wrong = Value.Errors(operatorSchema, given).flatMap(({ keyword, instancePath, params, message }): Fault[] => {
    const path = pathOf(instancePath, given)
    // What stands behind a key that is unknown is told with the key.
    if (keyword === "boolean") return []
    if (keyword === "additionalProperties") {
      const { additionalProperties } = params as { additionalProperties: string[] }
      const known = keysAt(path)
      const expected = known.join(", ") || "an absolute path"
      return additionalProperties.map((key) =>
        fault(placeOfKey([...path, key]), `unknown key ${[...path, key].join(".")}${didYouMean(key, known)}`, expected),
      )
    }
    const what = `${path.join(".") || "the file"} is ${quoted(at(given, path))}`
    const choices = (params as { allowedValues?: string[] }).allowedValues
    return [fault(placeOf(path), what, choices?.join(", ") ?? message.replace(/^must (be|have) /, ""))]
  })
  if (wrong.length > 0) return { faults: inOrder(wrong), placeOf: placeOfKey }
  return { settings: settingsOf(given as OperatorFile, folder), faults: [], placeOf: placeOfKey }
}

function settingsOf(file: OperatorFile, folder: string): Partial<BuildSettings> {
  const { release, install_type, namespace, tag, base, rpm_repositories, images } = file
  return {
    ...(release !== undefined && { release: findRelease(release) }),
    ...(install_type !== undefined && { installType: install_type }),
    ...(namespace !== undefined && { namespace }),
    ...(tag !== undefined && { tag }),
    ...(base !== undefined && { base }),
    ...(rpm_repositories !== undefined && { rpmRepositories: rpm_repositories }),
    ...(images !== undefined && { images: overridesOf(images, folder) }),
  }
}

function overridesOf(images: NonNullable<OperatorFile["images"]>, folder: string): ImageOverrides {
  const absolute = (path: string) => resolve(folder, path)
  const entries = Object.entries(images).map(([name, { files, patches, source, ...rest }]) => {
    const placed = Object.entries(files ?? {}).map(([path, file]) => [path, { ...file, source: absolute(file.source) }])
    const sources = Object.entries(source ?? {}).map(([project, from]) => [
      project,
      /^\.{0,2}\//.test(from) ? absolute(from) : from,
    ])
    const override = {
      ...rest,
      ...(files && { files: Object.fromEntries(placed) }),
      ...(patches && { patches: patches.map(absolute) }),
      ...(source && { source: Object.fromEntries(sources) }),
    }
    return [name, override as ImageOverride] as const
  })
  return Object.fromEntries(entries)
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly patternProperties?: Readonly<Record<string, Node>>
}

function keysAt(path: YamlPath): string[] {
  let node: Node | undefined = operatorSchema as unknown as Node
  for (const part of path) node = node?.properties?.[part] ?? Object.values(node?.patternProperties ?? {})[0]
  return Object.keys(node?.properties ?? {})
}

/** RFC 6901. Digits are an index where a list stands, else a key. */
function pathOf(pointer: string, root: unknown): YamlPath {
  const path: (string | number)[] = []
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~")
    path.push(Array.isArray(at(root, path)) ? Number(key) : key)
  }
  return path
}

const at = (root: unknown, path: YamlPath): unknown =>
  path.reduce<unknown>((value, part) => (value as Record<string | number, unknown> | null | undefined)?.[part], root)
