/**
 * Ironic's provision states (API 1.115) as data: state → event → next state. Everything that moves a node asks this
 * table, and the diagram in docs/states.md is drawn from it.
 */
export const transitions = {
  enroll: { manage: "verifying" },
  verifying: { done: "manageable", fail: "enroll" },
  manageable: { provide: "cleaning", clean: "cleaning", inspect: "inspecting", adopt: "adopting" },
  available: { deploy: "deploying", manage: "manageable" },
  deploying: { wait: "wait call-back", hold: "deploy hold", done: "active", fail: "deploy failed" },
  "wait call-back": {
    resume: "deploying",
    hold: "deploy hold",
    abort: "deploy failed",
    fail: "deploy failed",
    delete: "deleting",
  },
  "deploy hold": { unhold: "wait call-back", abort: "deploy failed", fail: "deploy failed", delete: "deleting" },
  "deploy failed": { deploy: "deploying", rebuild: "deploying", delete: "deleting" },
  active: { rebuild: "deploying", delete: "deleting", rescue: "rescuing", service: "servicing" },
  deleting: { clean: "cleaning", fail: "error" },
  error: { rebuild: "deploying", delete: "deleting" },
  cleaning: {
    wait: "clean wait",
    hold: "clean hold",
    done: "available",
    manage: "manageable",
    fail: "clean failed",
  },
  "clean wait": { resume: "cleaning", hold: "clean hold", abort: "clean failed", fail: "clean failed" },
  "clean hold": { unhold: "clean wait", abort: "clean failed", fail: "clean failed" },
  "clean failed": { manage: "manageable" },
  inspecting: { wait: "inspect wait", done: "manageable", fail: "inspect failed" },
  "inspect wait": { resume: "inspecting", done: "manageable", abort: "inspect failed", fail: "inspect failed" },
  "inspect failed": { inspect: "inspecting", manage: "manageable" },
  adopting: { done: "active", fail: "adopt failed" },
  "adopt failed": { adopt: "adopting", manage: "manageable" },
  rescuing: { wait: "rescue wait", done: "rescue", fail: "rescue failed" },
  "rescue wait": { resume: "rescuing", abort: "rescue failed", fail: "rescue failed", delete: "deleting" },
  rescue: { rescue: "rescuing", unrescue: "unrescuing", delete: "deleting" },
  "rescue failed": { rescue: "rescuing", unrescue: "unrescuing", delete: "deleting" },
  unrescuing: { done: "active", fail: "unrescue failed" },
  "unrescue failed": { rescue: "rescuing", unrescue: "unrescuing", delete: "deleting" },
  servicing: { wait: "service wait", hold: "service hold", done: "active", fail: "service failed" },
  "service wait": {
    resume: "servicing",
    hold: "service hold",
    abort: "service failed",
    fail: "service failed",
    delete: "deleting",
  },
  "service hold": { unhold: "service wait", service: "servicing", abort: "service failed", fail: "service failed" },
  "service failed": {
    service: "servicing",
    rescue: "rescuing",
    wait: "service wait",
    hold: "service hold",
    delete: "deleting",
    abort: "active",
  },
} as const satisfies Record<string, Record<string, string>>

export type ProvisionState = keyof typeof transitions
type EventsOf<S> = S extends unknown ? keyof S : never
export type ProvisionEvent = EventsOf<(typeof transitions)[ProvisionState]>

/** Where each verb of the API should end: the value of target_provision_state while it is under way. */
export const targets = {
  manage: "manageable",
  provide: "available",
  inspect: "manageable",
  clean: "manageable",
  adopt: "active",
  deploy: "active",
  rebuild: "active",
  delete: "available",
  rescue: "rescue",
  unrescue: "active",
  service: "active",
} as const satisfies Partial<Record<ProvisionEvent, ProvisionState>>

export type ProvisionTarget = (typeof targets)[keyof typeof targets]

/** The state after `event`, or undefined where the table does not allow it. */
export function next(state: ProvisionState, event: ProvisionEvent): ProvisionState | undefined {
  return (transitions[state] as Partial<Record<ProvisionEvent, ProvisionState>>)[event]
}
