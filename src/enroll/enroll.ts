import { blankNode, blankPort } from "../store/blank.ts"
import type { Store } from "../store/port.ts"
import { supportedDrivers } from "../store/records.ts"
import type { Clock } from "../util/clock.ts"
import { type Fault, fault, inOrder } from "../util/fault.ts"
import { diffNode, ENROLLED, type FieldChange, type NodeDiff, type Stored } from "./diff.ts"
import { bmcPrefix, labelOf, type NodeDraft } from "./draft.ts"
import { matchDrafts } from "./match.ts"
import { parseHosts } from "./parse.ts"
import { duplicateFaults } from "./unique.ts"

export interface EnrollRequest {
  /** Its end helps to recognise the format. */
  readonly filename: string
  readonly content: string
  /** Only tells what would change. */
  readonly dry_run?: boolean
}

export interface NodeReport {
  readonly outcome: "added" | "changed" | "unchanged"
  readonly uuid: string
  readonly name: string
  readonly macs: readonly string[]
  readonly driver: string
  readonly bmc_address: string | null
  readonly groups: readonly string[]
  readonly changes: readonly FieldChange[]
}

export interface EnrollReport {
  readonly dry_run: boolean
  readonly added: number
  readonly changed: number
  readonly unchanged: number
  /** In the order of the file. */
  readonly nodes: readonly NodeReport[]
}

/** All that is wrong with the file, or what was done. */
export type EnrollResult = { readonly faults: readonly Fault[] } | { readonly report: EnrollReport }

/** Reads a list of hosts and brings the store to it: all or nothing, in one transaction. Run again, it changes nothing. */
export async function enroll(store: Store, clock: Clock, request: EnrollRequest): Promise<EnrollResult> {
  const { drafts, faults } = parseHosts(request.filename, request.content)
  const dry_run = request.dry_run ?? false
  return store.transaction(async (inside): Promise<EnrollResult> => {
    const known = await readStored(inside)
    const { matched, faults: mismatches } = matchDrafts(drafts, known)
    const incomplete = matched.flatMap(({ draft, stored }) => (stored ? [] : missingIn(draft)))
    // Nodes with faults of their own would only add misleading ones here.
    const clean = faults.length === 0 ? [...mismatches, ...incomplete, ...drafts.flatMap(undrivable)] : mismatches
    const all = [...faults, ...clean, ...duplicateFaults(matched, known)]
    if (all.length > 0) return { faults: inOrder(all) }

    const plans = matched.map(({ draft, stored }) => {
      const before = stored ?? newNode(draft, clock.now())
      return { isNew: !stored, before, diff: diffNode(before, draft) }
    })
    if (!dry_run) {
      // What is given up goes first, so that another node may take it over.
      for (const plan of plans) await giveUp(inside, plan.before, plan.diff)
      for (const plan of plans) await write(inside, clock, plan)
    }
    const nodes = plans.map(({ isNew, before, diff }, index) => report(isNew, before, diff, drafts[index]!))
    const count = (outcome: NodeReport["outcome"]) => nodes.filter((node) => node.outcome === outcome).length
    return {
      report: { dry_run, added: count("added"), changed: count("changed"), unchanged: count("unchanged"), nodes },
    }
  })
}

async function readStored(store: Store): Promise<Stored[]> {
  const [nodes, ports] = [await store.nodes.list(), await store.ports.list()]
  const known: Stored[] = []
  for (const node of nodes) {
    const names = await store.secrets.names(node.uuid)
    const secrets = new Map<string, NonNullable<Awaited<ReturnType<Store["secrets"]["get"]>>>>()
    for (const name of names.filter((name) => name.endsWith("_password"))) {
      const secret = await store.secrets.get(node.uuid, name)
      if (secret) secrets.set(name, secret)
    }
    known.push({ node, ports: ports.filter((port) => port.node_uuid === node.uuid), secrets })
  }
  return known
}

function missingIn(draft: NodeDraft): Fault[] {
  if (draft.driver === "manual-management") return missingForAdoption(draft)
  const key = `${bmcPrefix(draft.driver)}_address`
  if (draft.driver_info[key] !== undefined) return []
  return [
    fault(draft.place, `${labelOf(draft)} has no BMC address`, "bmc_address, without which it cannot be switched on"),
  ]
}

function missingForAdoption(draft: NodeDraft): Fault[] {
  const needed = { ipv4_address: "ip, where its system answers", ssh_host_key: "ssh_host_key, by which it is known" }
  return Object.entries(needed)
    .filter(([key]) => draft.extra[key] === undefined)
    .map(([key, expected]) =>
      fault(draft.place, `${labelOf(draft)} has no BMC, and no ${key} to adopt it by`, expected),
    )
}

/** A file may imply a driver that is not there: columns of Redfish services are understood, the services are not driven. */
function undrivable(draft: NodeDraft): Fault[] {
  const { driver } = draft
  if (driver === undefined || (supportedDrivers as readonly string[]).includes(driver)) return []
  const what = `${labelOf(draft)} needs the driver ${driver}, which is not supported`
  return [fault(draft.places.get("bmc_address") ?? draft.place, what, `the driver ${supportedDrivers.join(" or ")}`)]
}

function newNode(draft: NodeDraft, now: number): Stored {
  const blank = blankNode(now)
  return { node: { ...blank, uuid: draft.uuid ?? blank.uuid }, ports: [], secrets: new Map() }
}

async function giveUp(store: Store, { node, ports }: Stored, diff: NodeDiff): Promise<void> {
  for (const port of ports) {
    if (diff.goneAddresses.includes(port.address)) await store.ports.remove(port.uuid)
  }
  if (node.name !== null && diff.fields.name !== undefined) await store.nodes.update(node.uuid, { name: null })
}

interface Plan {
  readonly isNew: boolean
  readonly before: Stored
  readonly diff: NodeDiff
}

async function write(store: Store, clock: Clock, { isNew, before, diff }: Plan): Promise<void> {
  const { node } = before
  if (isNew) await store.nodes.insert({ ...node, ...diff.fields })
  else if (Object.keys(diff.fields).length > 0) await store.nodes.update(node.uuid, diff.fields)
  for (const [name, secret] of diff.secrets) await store.secrets.put(node.uuid, name, secret)
  for (const port of diff.newPorts) {
    const added = {
      ...blankPort(clock.now()),
      node_uuid: node.uuid,
      address: port.address,
      extra: { [ENROLLED]: true },
    }
    await store.ports.insert({ ...added, ...port.fields })
  }
  for (const { uuid, fields } of diff.changedPorts) await store.ports.update(uuid, fields)
  if (!isNew && diff.changes.length === 0) return
  const kind = isNew ? "enroll.added" : "enroll.changed"
  const data = { fields: diff.changes.map((change) => change.field) }
  await store.events.append({ kind, node_uuid: node.uuid, run_id: null, data })
}

function report(isNew: boolean, { node, ports }: Stored, diff: NodeDiff, draft: NodeDraft): NodeReport {
  const after = { ...node, ...diff.fields }
  const address = after.driver_info[`${bmcPrefix(after.driver)}_address`]
  return {
    outcome: isNew ? "added" : diff.changes.length > 0 ? "changed" : "unchanged",
    uuid: node.uuid,
    name: after.name ?? labelOf(draft),
    macs: draft.ports?.map((port) => port.address) ?? ports.map((port) => port.address),
    driver: after.driver,
    bmc_address: typeof address === "string" ? address : null,
    groups: after.groups,
    changes: isNew ? [] : diff.changes,
  }
}
