import { type Fault, fault, type Place } from "../util/fault.ts"
import type { Stored } from "./diff.ts"
import { labelOf, type NodeDraft } from "./draft.ts"

export interface Matched {
  readonly draft: NodeDraft
  /** Undefined for a node that is new. */
  readonly stored: Stored | undefined
}

/** Finds each draft's node in the store: by uuid, else by name, else by MAC. Drafts that contradict the store are faults. */
export function matchDrafts(
  drafts: readonly NodeDraft[],
  known: readonly Stored[],
): { matched: Matched[]; faults: Fault[] } {
  const byUuid = new Map(known.map((stored) => [stored.node.uuid, stored]))
  const byName = new Map(known.map((stored) => [stored.node.name, stored]))
  const byMac = new Map(known.flatMap((stored) => stored.ports.map((port) => [port.address, stored] as const)))
  const faults: Fault[] = []
  const taken = new Map<string, NodeDraft>()
  const matched = drafts.map((draft): Matched => {
    const named = draft.name === undefined ? undefined : byName.get(draft.name)
    const wired = (draft.ports ?? []).flatMap(({ address }) => byMac.get(address) ?? [])
    const own = draft.uuid === undefined ? undefined : byUuid.get(draft.uuid)
    const stored = own ?? named ?? (draft.name === undefined || allOne(wired) ? wired[0] : undefined)
    if (!stored) return { draft, stored }
    const place = (field: string): Place => draft.places.get(field) ?? draft.place
    if (draft.uuid !== undefined && draft.uuid !== stored.node.uuid) {
      const what = `${labelOf(draft)} is in the store with uuid ${stored.node.uuid}, and here with ${draft.uuid}`
      faults.push(fault(place("uuid"), what, "the same uuid, or none; or delete the stored node first"))
    }
    const earlier = taken.get(stored.node.uuid)
    if (earlier) {
      const what = `${labelOf(draft)} and ${labelOf(earlier)} (line ${earlier.place.line}) are one node in the store, ${nameOf(stored)}`
      faults.push(fault(draft.place, what, "one line a node"))
    }
    taken.set(stored.node.uuid, draft)
    return { draft, stored }
  })
  return { matched, faults }
}

const allOne = (found: readonly Stored[]) => new Set(found.map(({ node }) => node.uuid)).size === 1

export const nameOf = ({ node }: Stored): string => node.name ?? node.uuid
