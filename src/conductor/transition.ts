import { next, type ProvisionEvent } from "../states/table.ts"
import type { NodeRecord } from "../store/records.ts"
import type { NodeFields, Operation } from "./operation.ts"
import { withOperation } from "./operation.ts"
import { handlers } from "./plans.ts"

/** How one turn of a node's worker ended. */
export type Result =
  /** On to the next state. */
  | { readonly kind: "move"; readonly event: ProvisionEvent }
  /** Once more from the plan's first step. */
  | { readonly kind: "restart"; readonly reason: string }
  | { readonly kind: "failed"; readonly error: string }

/** What the table has no answer to is a mistake in a plan, not in the world. */
function moved(node: NodeRecord, event: ProvisionEvent) {
  const state = next(node.provision_state, event)
  if (!state) throw new Error(`no transition: ${node.provision_state} on ${event}`)
  return state
}

/** The fields of the record after a result: the one place where provision_state gets its value. Pure. */
export function fieldsAfter(node: NodeRecord, operation: Operation, result: Result, now: number): NodeFields {
  const at = { provision_updated_at: new Date(now).toISOString() }
  if (result.kind === "restart") {
    const again = withOperation(node, { ...operation, attempt: operation.attempt + 1 })
    const state = next(node.provision_state, "resume") ?? node.provision_state
    return { ...at, ...again, provision_state: state }
  }
  const event = result.kind === "failed" ? "fail" : result.event
  const state = moved(node, event)
  const plan = handlers[state]?.plan
  if (!plan) {
    const last_error = result.kind === "failed" ? result.error : null
    return {
      ...at,
      ...withOperation(node, undefined),
      provision_state: state,
      target_provision_state: null,
      last_error,
    }
  }
  const samePlan = plan === handlers[node.provision_state]?.plan
  return { ...at, ...withOperation(node, samePlan ? operation : { ...operation, attempt: 1 }), provision_state: state }
}

/** The fields with which a verb begins an operation, or ends one that waits (abort). Pure. */
export function fieldsAtBegin(
  node: NodeRecord,
  event: ProvisionEvent,
  begin: Pick<Operation, "id" | "request"> & { target: NodeRecord["target_provision_state"] },
  now: number,
): NodeFields {
  const state = moved(node, event)
  const works = handlers[state] !== undefined
  const operation = works ? { id: begin.id, attempt: 1, fence: 1, request: begin.request } : undefined
  return {
    ...withOperation(node, operation),
    provision_updated_at: new Date(now).toISOString(),
    provision_state: state,
    target_provision_state: works ? begin.target : null,
    last_error: event === "abort" ? "aborted by the user" : null,
  }
}

/** The next owner of an operation that a dead process left. */
export function fieldsAtTakeOver(node: NodeRecord, operation: Operation): NodeFields {
  return withOperation(node, { ...operation, fence: operation.fence + 1 })
}
