import type { JsonObject } from "../store/records.ts"
import { type Fault, fault, type Place } from "../util/fault.ts"
import type { Stored } from "./diff.ts"
import { diffNode } from "./diff.ts"
import { bmcEndpoint, type NodeDraft } from "./draft.ts"
import { type Matched, nameOf } from "./match.ts"

/** One value that only one node may have, and who says so. */
interface Claim {
  readonly kind: string
  readonly value: string
  readonly place: Place | undefined
  readonly owner: string
}

/**
 * Names, uuids, MACs and BMCs must be unique in what the store will be: the file's nodes as they will stand, and the
 * stored ones that the file does not touch. So two nodes may swap an address within one file.
 */
export function duplicateFaults(matched: readonly Matched[], known: readonly Stored[]): Fault[] {
  const touched = new Set(matched.map(({ stored }) => stored?.node.uuid))
  const rest = known.filter(({ node }) => !touched.has(node.uuid))
  const claims = [...rest.flatMap(claimsOfStored), ...matched.flatMap(claimsOfDraft)]
  const first = new Map<string, Claim>()
  const faults: Fault[] = []
  for (const claim of claims) {
    const key = `${claim.kind} ${claim.value}`
    const earlier = first.get(key)
    if (!earlier) {
      first.set(key, claim)
    } else if (claim.place) {
      const where = earlier.place
        ? `line ${earlier.place.line}, column ${earlier.place.column}`
        : `node ${earlier.owner} in the store`
      faults.push(
        fault(
          claim.place,
          `${claim.kind} ${claim.value} is in use at ${where}`,
          `a ${claim.kind} of its own for each node`,
        ),
      )
    }
  }
  return faults
}

function claimsOfStored(stored: Stored): Claim[] {
  const owner = nameOf(stored)
  const claim = (kind: string, value: string | null | undefined): Claim[] =>
    value ? [{ kind, value, place: undefined, owner }] : []
  return [
    ...claim("uuid", stored.node.uuid),
    ...claim("name", stored.node.name),
    ...claim("BMC", bmcEndpoint(stored.node.driver, stored.node.driver_info)),
    ...stored.ports.flatMap((port) => claim("MAC", port.address)),
  ]
}

function claimsOfDraft({ draft, stored }: Matched): Claim[] {
  const claim = (kind: string, value: string | null | undefined, place: Place): Claim[] =>
    value ? [{ kind, value, place, owner: "" }] : []
  const place = (field: string) => draft.places.get(field) ?? draft.place
  const diff = stored && diffNode(stored, draft)
  const info: JsonObject = { ...stored?.node.driver_info, ...draft.driver_info }
  const kept = (stored?.ports ?? []).filter(
    ({ address }) => !said(draft, address) && !diff?.goneAddresses.includes(address),
  )
  return [
    ...claim("uuid", draft.uuid, place("uuid")),
    ...claim("name", draft.name ?? stored?.node.name, place("name")),
    ...claim("BMC", bmcEndpoint(draft.driver ?? stored?.node.driver ?? "ipmi", info), place("bmc_address")),
    ...(draft.ports ?? []).flatMap((port) => claim("MAC", port.address, port.place)),
    ...kept.flatMap((port) => claim("MAC", port.address, draft.place)),
  ]
}

const said = (draft: NodeDraft, address: string) => draft.ports?.some((port) => port.address === address) ?? false
