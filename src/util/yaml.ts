import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from "yaml"
import { messageOf } from "./errors.ts"
import { type Fault, fault, type Place } from "./fault.ts"

export type YamlPath = readonly (string | number)[]

export interface YamlFile {
  /** Plain objects, lists and scalars. */
  readonly value: unknown
  /** Where the value at a path begins; of what encloses it, where an alias hides it. */
  readonly placeOf: (path: YamlPath) => Place
  /** Where its key stands. */
  readonly placeOfKey: (path: YamlPath) => Place
  readonly faults: readonly Fault[]
}

/** Reads YAML 1.2, and so JSON, and knows where each value stands. Never throws; a file with faults has no value. */
export function readYaml(content: string): YamlFile {
  const counter = new LineCounter()
  const document = parseDocument(content.replace(/^\uFEFF/, ""), { lineCounter: counter, prettyErrors: false })
  const at = (offset: number): Place => {
    const { line, col } = counter.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const places = {
    placeOf: (path: YamlPath) => at(offsetOf(document.contents, path).value),
    placeOfKey: (path: YamlPath) => at(offsetOf(document.contents, path).key),
  }
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) =>
      fault(at(error.pos[0]), `not YAML or JSON: ${error.message}`, "valid syntax"),
    )
    return { ...places, value: undefined, faults }
  }
  try {
    // Aliases can make a small file huge; 100 uses are more than any of our files needs.
    return { ...places, value: document.toJS({ maxAliasCount: 100 }), faults: [] }
  } catch (error) {
    const faults = [fault({ line: 1, column: 1 }, messageOf(error), "few aliases")]
    return { ...places, value: undefined, faults }
  }
}

function offsetOf(root: unknown, path: YamlPath): { key: number; value: number } {
  let node = root as Node | null | undefined
  let value = node?.range?.[0] ?? 0
  let key = value
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((each) => isScalar(each.key) && String(each.key.value) === String(part)) as
        | Pair<Node, Node>
        | undefined
      key = pair?.key.range?.[0] ?? value
      node = pair?.value
    } else {
      node = (node as { items?: Node[] } | undefined)?.items?.[part as number]
      key = node?.range?.[0] ?? value
    }
    if (!node?.range) return { key, value }
    value = node.range[0]
  }
  return { key, value }
}
