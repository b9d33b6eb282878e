import { isObject, type Json, type JsonObject } from "../../store/records.ts"
import { fault, quoted } from "../../util/fault.ts"
import { readYaml, type YamlFile, type YamlPath } from "../../util/yaml.ts"
import { assemble, type Parsed, type RawNode, type RawValue } from "../assemble.ts"

type PlaceOf = YamlFile["placeOf"]

/**
 * Bifrost's JSON and YAML (a map of name → node) and `baremetal create` files (`{nodes: [...]}`, also within chassis). JSON is
 * read as YAML 1.2, of which it is a part, because that tells where each value stands.
 */
export function parseDocumentFile(content: string): Parsed {
  const { value, placeOf, faults } = readYaml(content)
  return faults.length > 0 ? { drafts: [], faults } : nodesOf(value as Json, placeOf)
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
  readonly path: YamlPath
  readonly name?: string
  readonly node: Json
}

const isCreateFile = (value: JsonObject) => ["nodes", "chassis"].some((key) => Array.isArray(value[key]))

function createNodes(value: JsonObject, path: YamlPath = []): Listed[] {
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

function rawNode(path: YamlPath, name: string | undefined, node: JsonObject, placeOf: PlaceOf): RawNode {
  const values: RawValue[] = []
  const add = (key: string, value: Json, at: YamlPath) => values.push({ key, value, place: placeOf([...path, ...at]) })
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
