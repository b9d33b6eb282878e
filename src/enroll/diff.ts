import { isDeepStrictEqual } from "node:util"
import type { Json, JsonObject, NodeRecord, PortRecord } from "../store/records.ts"
import { MASK, type Secret } from "../util/secret.ts"
import type { NodeDraft, PortDraft } from "./draft.ts"

/** One field's difference; null is "not there". Passwords are masked on both sides. */
export interface FieldChange {
  /** `name`, `driver_info.ipmi_address`, `ports`, … */
  readonly field: string
  readonly from: Json
  readonly to: Json
}

/** What the store holds of one node. */
export interface Stored {
  readonly node: NodeRecord
  readonly ports: readonly PortRecord[]
  readonly secrets: ReadonlyMap<string, Secret>
}

/** What enrolment would write for one node, and how it differs from what is stored. */
export interface NodeDiff {
  readonly changes: readonly FieldChange[]
  readonly fields: Partial<NodeRecord>
  readonly secrets: ReadonlyMap<string, Secret>
  readonly newPorts: readonly PortDraft[]
  readonly changedPorts: readonly { uuid: string; fields: PortDraft["fields"] }[]
  readonly goneAddresses: readonly string[]
}

const plain = ["name", "driver", "resource_class", "groups"] as const
const bags = ["driver_info", "properties", "instance_info", "extra"] as const

/** Ports that enrolment made carry this, so that a card that was replaced in the file goes, and no other port does. */
export const ENROLLED = "enrolled"

export function diffNode(stored: Stored, draft: NodeDraft): NodeDiff {
  const changes: FieldChange[] = []
  const fields: Partial<NodeRecord> = {}
  for (const name of plain) {
    const to = draft[name]
    if (to === undefined || isDeepStrictEqual(stored.node[name], to)) continue
    changes.push({ field: name, from: stored.node[name], to })
    Object.assign(fields, { [name]: to })
  }
  for (const bag of bags) {
    const changed = diffBag(bag, stored.node[bag], draft[bag])
    if (changed.length === 0) continue
    changes.push(...changed)
    fields[bag] = { ...stored.node[bag], ...draft[bag] }
  }
  const secrets = new Map([...draft.secrets].filter(([name, to]) => stored.secrets.get(name)?.reveal() !== to.reveal()))
  for (const name of secrets.keys()) {
    changes.push({ field: `driver_info.${name}`, from: stored.secrets.has(name) ? MASK : null, to: MASK })
  }
  const ports = diffPorts(stored.ports, draft.ports)
  changes.push(...ports.changes)
  return { fields, secrets, ...ports, changes }
}

function diffBag(bag: string, from: JsonObject, to: JsonObject): FieldChange[] {
  return Object.entries(to)
    .filter(([key, value]) => !isDeepStrictEqual(from[key], value))
    .map(([key, value]) => ({ field: `${bag}.${key}`, from: from[key] ?? null, to: value }))
}

function diffPorts(stored: readonly PortRecord[], drafts: readonly PortDraft[] | undefined) {
  if (!drafts) return { newPorts: [], changedPorts: [], goneAddresses: [], changes: [] }
  const wanted = new Set(drafts.map((draft) => draft.address))
  const known = new Map(stored.map((port) => [port.address, port]))
  const newPorts = drafts.filter((draft) => !known.has(draft.address))
  const goneAddresses = stored
    .filter((port) => port.extra[ENROLLED] === true && !wanted.has(port.address))
    .map((port) => port.address)
  const changedPorts = drafts.flatMap((draft) => {
    const port = known.get(draft.address)
    const differs =
      port && Object.entries(draft.fields).some(([key, to]) => !isDeepStrictEqual(port[key as keyof PortRecord], to))
    return port && differs ? [{ uuid: port.uuid, address: port.address, fields: draft.fields }] : []
  })
  const changes: FieldChange[] = changedPorts.map(({ address }) => ({
    field: `port ${address}`,
    from: "as it was",
    to: "as in the file",
  }))
  if (newPorts.length + goneAddresses.length > 0) {
    const kept = stored.map((port) => port.address)
    const after = [
      ...kept.filter((address) => !goneAddresses.includes(address)),
      ...newPorts.map((port) => port.address),
    ]
    changes.push({ field: "mac", from: kept.toSorted(), to: after.toSorted() })
  }
  return { newPorts, changedPorts, goneAddresses, changes }
}
