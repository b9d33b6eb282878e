import { isObject, type Json } from "../store/records.ts"
import { type Fault, fault, type Place, quoted } from "../util/fault.ts"
import { Secret } from "../util/secret.ts"
import { bmcPrefix, emptyDraft, labelOf, type NodeDraft, type PortDraft } from "./draft.ts"
import { fields, meaningOf } from "./fields.ts"
import { mac } from "./values.ts"

/** One node as a format's parser found it: what each value is called in the file, and where it stands. */
export interface RawNode {
  readonly place: Place
  readonly values: readonly RawValue[]
}

export interface RawValue {
  readonly key: string
  readonly value: Json
  readonly place: Place
}

export interface Parsed {
  readonly drafts: readonly NodeDraft[]
  readonly faults: readonly Fault[]
}

const isEmpty = (value: Json) => value === null || (typeof value === "string" && value.trim() === "")

/** Values such as passwords that a driver keeps under a name of its own. */
const secretName = /password|passphrase|secret|token|private_key/i

export function assemble(nodes: readonly RawNode[], requires: { mac: boolean }): Parsed {
  const faults: Fault[] = []
  const drafts = nodes.map((node) => {
    const before = faults.length
    const draft = assembleOne(node, faults)
    if (faults.length === before) identify(draft, requires, faults)
    return draft
  })
  return { drafts, faults }
}

function assembleOne({ place, values }: RawNode, faults: Fault[]): NodeDraft {
  const draft = emptyDraft(place)
  const said = values
    .filter(({ value }) => !isEmpty(value))
    .map((raw) => ({ raw, meaning: meaningOf(raw.key) }))
    // The driver decides where the BMC's values go.
    .toSorted((a, b) => Number(isDriver(b.meaning)) - Number(isDriver(a.meaning)))
  const prefixOf = () =>
    bmcPrefix(draft.driver ?? (said.some(({ raw }) => /redfish/i.test(raw.key)) ? "redfish" : undefined))
  for (const { raw, meaning } of said) {
    if ("macs" in meaning) readMacs(draft, raw, faults)
    else if ("bag" in meaning) keep(draft, meaning.bag, meaning.key, raw, faults)
    else readField(draft, meaning.field, raw, prefixOf(), faults)
  }
  if (draft.driver === undefined && prefixOf() === "redfish") draft.driver = "redfish"
  return draft
}

const isDriver = (meaning: ReturnType<typeof meaningOf>) => "field" in meaning && meaning.field === "driver"

function readField(draft: NodeDraft, name: string, raw: RawValue, prefix: string, faults: Fault[]): void {
  const earlier = draft.places.get(name)
  if (earlier) {
    faults.push(fault(raw.place, `${name} is given twice, first at ${at(earlier)}`, "it once"))
    return
  }
  draft.places.set(name, raw.place)
  const { read, put } = fields[name]!
  // Bifrost writes "dhcp" for "no address of its own".
  if (name === "ip" && raw.value === "dhcp") return
  const result = read(raw.value)
  const shown = name === "bmc_password" ? name : `${name} ${quoted(raw.value)}`
  if ("value" in result) put(draft, result.value, prefix)
  else faults.push(fault(raw.place, shown, result.expected))
}

function readMacs(draft: NodeDraft, raw: RawValue, faults: Fault[]): void {
  const given = Array.isArray(raw.value)
    ? raw.value
    : String(raw.value)
        .split(/[;,|\s]+/)
        .filter((text) => text !== "")
  for (const each of given) {
    const { address, ...more } = portOf(each)
    const result = mac(address)
    if ("expected" in result) faults.push(fault(raw.place, `MAC ${quoted(address)}`, result.expected))
    else draft.ports = [...(draft.ports ?? []), { address: result.value, place: raw.place, fields: more.fields }]
  }
}

/** A MAC, bifrost's `{mac}`, or Ironic's `{address}`, with what the switch side needs. */
function portOf(given: Json): { address: Json; fields: PortDraft["fields"] } {
  if (given === null || typeof given !== "object" || Array.isArray(given)) return { address: given, fields: {} }
  const { pxe_enabled, physical_network, local_link_connection } = given
  return {
    address: given["mac"] ?? given["address"] ?? null,
    fields: {
      ...(typeof pxe_enabled === "boolean" && { pxe_enabled }),
      ...(typeof physical_network === "string" && { physical_network }),
      ...(isObject(local_link_connection) && { local_link_connection }),
    },
  }
}

function keep(
  draft: NodeDraft,
  bag: "driver_info" | "properties" | "instance_info" | "extra",
  key: string,
  raw: RawValue,
  faults: Fault[],
): void {
  if (key === "__proto__" || key === "") {
    faults.push(fault(raw.place, `a column called ${quoted(raw.key)}`, "a name"))
  } else if (bag === "driver_info" && secretName.test(key) && typeof raw.value === "string") {
    draft.secrets.set(key, new Secret(raw.value))
  } else {
    draft[bag][key] = typeof raw.value === "string" ? raw.value.trim() : raw.value
    draft.places.set(`${bag}.${key}`, raw.place)
  }
}

function identify(draft: NodeDraft, requires: { mac: boolean }, faults: Fault[]): void {
  if (draft.uuid === undefined && draft.name === undefined && draft.ports === undefined) {
    faults.push(fault(draft.place, "a node that nothing identifies", "a name, a MAC address or a uuid"))
  } else if (requires.mac && draft.ports === undefined && draft.driver !== "manual-management") {
    faults.push(
      fault(draft.place, `${labelOf(draft)} has no MAC address`, "at least one, by which it is known on the network"),
    )
  }
}

const at = ({ line, column }: Place) => `line ${line}, column ${column}`
