import type { Store } from "../store/port.ts"
import { isObject, type JsonObject, type NodeRecord } from "../store/records.ts"
import { BifrostError } from "../util/errors.ts"
import { conductorErrors } from "./errors.ts"

/**
 * What a node is being put through, kept in `driver_internal_info.operation`. It is the lease on the node as well: only
 * the worker whose id and fence are in the record may change the record. Taking over raises the fence, so a worker that
 * was thought dead cannot write any more. Nothing is locked meanwhile.
 */
export interface Operation {
  readonly id: string
  /** 1, then 2 after a restart from network boot. */
  readonly attempt: number
  readonly fence: number
  /** What the user gave with the verb and later steps need. Not secret. */
  readonly request: JsonObject
}

export function operationOf(node: NodeRecord): Operation | undefined {
  const stored = node.driver_internal_info["operation"]
  if (stored === null || typeof stored !== "object" || Array.isArray(stored)) return undefined
  const { id, attempt, fence, request } = stored
  if (typeof id !== "string" || typeof attempt !== "number" || typeof fence !== "number") return undefined
  return { id, attempt, fence, request: isObject(request) ? request : {} }
}

export function withOperation(
  node: NodeRecord,
  operation: Operation | undefined,
): { driver_internal_info: JsonObject } {
  const { operation: _, ...rest } = node.driver_internal_info
  return { driver_internal_info: operation ? { ...rest, operation: { ...operation } } : rest }
}

/** The worker's operation is no longer the node's: it was aborted, deleted or taken over. Never shown to a user. */
export class Superseded extends Error {
  override name = "Superseded"
}

export type NodeFields = Partial<Omit<NodeRecord, "uuid" | "created_at">>

/**
 * Reads a node and changes it in one transaction; `change` returns the fields to set, or undefined for none. What
 * `change` did through the transaction's own store is kept or lost together with the fields.
 */
export async function amend(
  store: Store,
  id: string,
  change: (node: NodeRecord, inside: Store) => NodeFields | undefined | Promise<NodeFields | undefined>,
): Promise<NodeRecord> {
  for (;;) {
    const changed = await store
      .transaction(async (inside) => {
        const node = await findNode(inside, id)
        const fields = await change(node, inside)
        if (!fields) return node
        const when = { provision_state: node.provision_state, updated_at: node.updated_at }
        const updated = await inside.nodes.update(node.uuid, fields, when)
        // Thrown, not returned: what `change` wrote must be rolled back before the next try.
        if (!updated) throw new Raced()
        return updated
      })
      .catch((error: unknown) => {
        if (error instanceof Raced) return undefined
        throw error
      })
    if (changed) return changed
  }
}

class Raced extends Error {}

export async function findNode(store: Store, id: string): Promise<NodeRecord> {
  const node = await store.nodes.find(id)
  if (!node) throw new BifrostError(conductorErrors.NODE_NOT_FOUND, { node: id })
  return node
}

/** Throws Superseded unless the record still carries this operation with this fence. */
export function holdFence(node: NodeRecord, operation: Operation): void {
  const current = operationOf(node)
  if (current?.id !== operation.id || current.fence !== operation.fence) throw new Superseded()
}

export const nameOf = (node: NodeRecord): string => node.name ?? node.uuid

export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined
