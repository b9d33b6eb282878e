import { isMap, isScalar, LineCounter, type Node, parseDocument } from "yaml"
import { isObject, type Json, type JsonObject } from "../../store/records.ts"
import { messageOf } from "../../util/errors.ts"
import { assemble, type Parsed, type RawNode, type RawValue } from "../assemble.ts"
import { fault, type Place, quoted } from "../fault.ts"

type Path = readonly (string | number)[]
type PlaceOf = (path: Path) => Place

/**
 * Bifrost's JSON and YAML (a map of name → node) and `baremetal create` files (`{nodes: [...]}`, also within chassis). JSON is
 * read as YAML 1.2, of which it is a part, because that tells where each value stands.
 */
export function parseDocumentFile(content: string): Parsed {
  const counter = new LineCounter()
  const document = parseDocument(content.replace(/^\uFEFF/, ""), { lineCounter: counter, prettyErrors: false })
  const at = (offset: number): Place => {
    const { line, col } = counter.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) =>
      fault(at(error.pos[0]), `not YAML or JSON: ${error.message}`, "valid syntax"),
    )
    return { drafts: [], faults }
  }
  let value: Json
  try {
    // Aliases can make a small file huge; 100 uses are more than a host list needs.
    value = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return { drafts: [], faults: [fault({ line: 1, column: 1 }, messageOf(error), "few aliases")] }
  }
  const placeOf: PlaceOf = (path) => at(offsetOf(document.contents, path))
  return nodesOf(value, placeOf)
}

function nodesOf(value: Json, placeOf: PlaceOf): Parsed {
  if (!isObject(value)) {
    const what = Array.isArray(value) ? "a list" : quoted(value)
    return { drafts: [], faults: [fault({ line: 1, column: 1 }, what, "a map of name → node, or {nodes: [...]}")] }
  }
  const created = isCreateFile(value)
  const listed = created
    ? createNodes(value)
    : Object.entries(value).map(([name, node]) => ({ path: [name], name, node }))
  const faults = listed
    .filter(({ node }) => !isObject(node))
    .map(({ path, node }) => fault(placeOf(path), `a node that is ${quoted(node)}`, "a map of its fields"))
  const nodes = listed.flatMap(({ path, name, node }) => (isObject(node) ? [rawNode(path, name, node, placeOf)] : []))
  const parsed = assemble(nodes, { mac: !created })
  return { drafts: parsed.drafts, faults: [...faults, ...parsed.faults] }
}

interface Listed {
  readonly path: Path
  readonly name?: string
  readonly node: Json
}

const isCreateFile = (value: JsonObject) => ["nodes", "chassis"].some((key) => Array.isArray(value[key]))

function createNodes(value: JsonObject, path: Path = []): Listed[] {
  const own = listOf(value["nodes"]).map((node, index) => ({ path: [...path, "nodes", index], node }))
  const chassis = listOf(value["chassis"]).flatMap((each, index) =>
    isObject(each) ? createNodes(each, [...path, "chassis", index]) : [],
  )
  return [...own, ...chassis]
}

/** Fields whose members are values of their own. */
const bags = ["driver_info", "properties", "instance_info", "extra"]
/** What bifrost writes for its own playbooks, and what belongs to the map's key. */
const ignored = ["addressing_mode", "ansible_ssh_host", "chassis_uuid"]

function rawNode(path: Path, name: string | undefined, node: JsonObject, placeOf: PlaceOf): RawNode {
  const values: RawValue[] = []
  const add = (key: string, value: Json, at: Path) => values.push({ key, value, place: placeOf([...path, ...at]) })
  for (const [key, value] of Object.entries(node)) {
    if (ignored.includes(key)) continue
    if (key === "portgroups") {
      for (const [index, group] of listOf(value).entries()) {
        if (isObject(group)) add("ports", group["ports"] ?? null, [key, index, "ports"])
      }
    } else if (bags.includes(key) && isObject(value)) {
      for (const [inner, member] of Object.entries(value)) {
        // Bifrost once sorted driver_info by interface: {power: {ipmi_address: …}}.
        if (key === "driver_info" && isObject(member)) {
          for (const [deep, deepest] of Object.entries(member)) add(`${key}.${deep}`, deepest, [key, inner, deep])
        } else add(`${key}.${inner}`, member, [key, inner])
      }
    } else add(key, value, [key])
  }
  const named = values.some(({ key, value }) => key === "name" && value)
  if (name !== undefined && !named) values.push({ key: "name", value: name, place: placeOf(path) })
  return { place: placeOf(path), values }
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])

/** Where the value at `path` begins; of what encloses it, where an alias hides it. */
function offsetOf(root: unknown, path: Path): number {
  let node = root as Node | null | undefined
  let offset = node?.range?.[0] ?? 0
  for (const part of path) {
    if (isMap(node))
      node = node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === part)?.value as Node
    else node = (node as { items?: Node[] } | undefined)?.items?.[part as number]
    if (!node?.range) return offset
    offset = node.range[0]
  }
  return offset
}
