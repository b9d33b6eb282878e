import type { Heartbeat, Inventory, LookupAnswer, Progress } from "../agent/protocol.ts"
import type { ProvisionState, ProvisionTarget } from "../states/table.ts"
import type { Json, JsonObject, NodeRecord } from "../store/records.ts"
import type { Secret } from "../util/secret.ts"

/** The words that `PUT /v1/nodes/{id}/states/provision` takes; active/deploy and deleted/undeploy are aliases. */
export const provisionVerbs = [
  "active",
  "deploy",
  "rebuild",
  "deleted",
  "undeploy",
  "manage",
  "provide",
  "inspect",
  "clean",
  "adopt",
  "abort",
  "unhold",
  "rescue",
  "unrescue",
  "service",
] as const
export type ProvisionVerb = (typeof provisionVerbs)[number]

export const powerTargets = ["power on", "power off", "rebooting", "soft power off", "soft rebooting"] as const
export type PowerTarget = (typeof powerTargets)[number]

export const bootDevices = ["pxe", "disk", "cdrom", "bios"] as const
export type BootDevice = (typeof bootDevices)[number]
export const isBootDevice = (word: string): word is BootDevice => (bootDevices as readonly string[]).includes(word)

export interface ProvisionOptions {
  /**
   * For deploy and rebuild. A string is Ironic's ready config drive (gzip + base64 of an ISO 9660 image) and is written
   * as it is; an object adds to the one that is built.
   */
  readonly configdrive?: string | ConfigDriveAdditions
  /** For clean: `{interface, step, args}` each. */
  readonly clean_steps?: readonly JsonObject[]
}

export interface ConfigDriveAdditions {
  readonly meta_data?: JsonObject
  readonly network_data?: JsonObject
  readonly user_data?: Json
}

/** One interface's answer in `GET /v1/nodes/{id}/validate`; reason names what is missing. */
export interface Validation {
  readonly result: boolean
  readonly reason: string | null
}
export type ValidatedInterface = "power" | "management" | "boot" | "deploy"

/** What a node is doing and what it waits for, for a person and for a progress display. */
export interface Explanation {
  readonly node: string
  readonly state: ProvisionState
  readonly target: ProvisionTarget | null
  /** The journalled step under way, null when nothing is. */
  readonly step: string | null
  /** 1, or 2 after the one retry from network boot. */
  readonly attempt: number | null
  /** What a waiting step waits for: the first phase not seen yet. */
  readonly waiting_for: string | null
  /** All phases of the wait in their order; `at` in ms since the epoch, null while not seen. */
  readonly phases: readonly { readonly name: string; readonly at: number | null }[]
  /** The agent's latest report, in bytes. */
  readonly progress: { readonly step: string; readonly done: number; readonly total: number } | null
  /** ms since the epoch. */
  readonly due_by: number | null
  /** What happens when `due_by` passes. */
  readonly or_else: string | null
  /** What a person can look at meanwhile. */
  readonly check: string | null
  readonly last_error: string | null
}

export interface LookupQuery {
  readonly addresses?: readonly string[]
  readonly node_uuid?: string
  /** Drawn by the agent for this boot; a stock agent has none. */
  readonly boot_key?: Secret
}

/**
 * Drives nodes. Node arguments are uuid or name; unknown ones reject with NODE_NOT_FOUND (404). What a call starts goes
 * on in the background: watch the store's events, or `waitFor`.
 */
export interface Conductor {
  /** Takes up every operation that the last process left unfinished; resolves once they run. */
  start(): Promise<void>
  /** Stops the workers where they stand; the next start() takes them up. */
  stop(): Promise<void>

  /**
   * Validates the request and moves the node to the verb's first state, target set, before it resolves with the new
   * record (Ironic's client relies on it). Rejects: VERB_UNKNOWN 400, VERB_NOT_ALLOWED 400 (the state has no such event),
   * NODE_BUSY 409, NODE_IN_MAINTENANCE 400, DEPLOY_INVALID 400, NOT_SUPPORTED 400.
   */
  provision(node: string, verb: string, options?: ProvisionOptions): Promise<NodeRecord>
  /** Sets target_power_state, resolves, and changes the power in the background. NODE_BUSY 409 while a step runs. */
  power(node: string, target: string): Promise<NodeRecord>
  setMaintenance(node: string, on: boolean, reason?: string): Promise<NodeRecord>
  setBootDevice(node: string, device: string, persistent: boolean): Promise<void>
  getBootDevice(node: string): Promise<{ boot_device: BootDevice | null; persistent: boolean | null }>
  validate(node: string): Promise<Record<ValidatedInterface, Validation>>
  /** The hardware as the agent last reported it in an inspection. */
  inventory(node: string): Promise<Inventory | undefined>

  // ---- what the agent and the booted system say ----
  /** LOOKUP_UNKNOWN 404 unless the node waits for an agent. The token is handed out once per network boot. */
  lookup(query: LookupQuery): Promise<LookupAnswer>
  /** Never refused because the node is busy. AGENT_UNAUTHORISED 401: wrong token, or a callback_url that changed. */
  heartbeat(uuid: string, body: Heartbeat): Promise<void>
  progress(uuid: string, body: Progress): Promise<void>
  /** The end of the first boot, from the script on the config drive. */
  firstBoot(uuid: string, token: string): Promise<void>

  explain(node: string): Promise<Explanation>
  /** Resolves with the record once its state is one of `states`; rejects with the signal's reason. */
  waitFor(node: string, states: readonly ProvisionState[], signal: AbortSignal): Promise<NodeRecord>
}
