import type { Secret } from "../util/secret.ts"
import type {
  EventRecord,
  JournalEntry,
  JsonObject,
  LeaseRecord,
  NodeRecord,
  PortRecord,
  RunRecord,
} from "./records.ts"

export interface NodeStore {
  list(): Promise<NodeRecord[]>
  /** By uuid or name. */
  find(id: string): Promise<NodeRecord | undefined>
  findByMac(mac: string): Promise<NodeRecord | undefined>
  insert(node: NodeRecord): Promise<void>
  /**
   * Merges top-level fields and sets updated_at. With `when`, only if the stored fields still equal those given: the
   * compare-and-set on which every state transition rests. Returns the new record, or undefined when `when` did not hold.
   */
  update(
    uuid: string,
    fields: Partial<Omit<NodeRecord, "uuid" | "created_at">>,
    when?: Partial<Pick<NodeRecord, "provision_state" | "updated_at">>,
  ): Promise<NodeRecord | undefined>
  /** Removes the node with its ports and secrets. */
  remove(uuid: string): Promise<void>
}

export interface PortStore {
  list(filter?: { node_uuid?: string; address?: string }): Promise<PortRecord[]>
  find(uuid: string): Promise<PortRecord | undefined>
  insert(port: PortRecord): Promise<void>
  update(uuid: string, fields: Partial<Omit<PortRecord, "uuid" | "created_at">>): Promise<PortRecord | undefined>
  remove(uuid: string): Promise<void>
}

/** Encrypted at rest. Owners are a node's uuid, or `site`. */
export interface SecretStore {
  get(owner: string, name: string): Promise<Secret | undefined>
  put(owner: string, name: string, value: Secret): Promise<void>
  names(owner: string): Promise<string[]>
  remove(owner: string, name?: string): Promise<void>
}

export interface LeaseStore {
  list(): Promise<LeaseRecord[]>
  put(lease: LeaseRecord): Promise<void>
  remove(address: string): Promise<void>
}

export type NewEvent = Omit<EventRecord, "id" | "at">

export interface EventFilter {
  readonly node_uuid?: string
  readonly run_id?: string
}

export interface EventLog {
  append(event: NewEvent): Promise<EventRecord>
  since(id: number, filter?: EventFilter & { readonly limit?: number }): Promise<EventRecord[]>
  /** The newest `count`, oldest first. */
  latest(count: number, filter?: EventFilter): Promise<EventRecord[]>
  /** Forgets events from before `before` (ms since the epoch), but never of the newest `keep`; returns how many. */
  prune(before: number, keep: number): Promise<number>
  /** Calls back for each event appended through this store from now on; the returned function ends it. */
  subscribe(listener: (event: EventRecord) => void): () => void
}

export interface Journal {
  begin(entry: Pick<JournalEntry, "operation" | "subject" | "step"> & { data?: JsonObject }): Promise<JournalEntry>
  /** Keeps what a repetition will need, while the step goes on. */
  note(id: number, data: JsonObject): Promise<void>
  end(id: number, outcome: { status: "done" | "failed"; data?: JsonObject; error?: string }): Promise<void>
  /** In the order in which the steps began. */
  of(operation: string): Promise<JournalEntry[]>
}

export interface RunStore {
  insert(run: RunRecord): Promise<void>
  update(id: string, fields: Partial<Omit<RunRecord, "id">>): Promise<void>
  find(id: string): Promise<RunRecord | undefined>
  list(filter?: { status?: RunRecord["status"]; kind?: string }): Promise<RunRecord[]>
}

/** Small settings of the site, e.g. the provisioner's own id. */
export interface SettingStore {
  get(key: string): Promise<JsonObject | undefined>
  put(key: string, value: JsonObject): Promise<void>
}

/** All that the service remembers. One implementation a database; every method may be called again after a crash. */
export interface Store {
  readonly nodes: NodeStore
  readonly ports: PortStore
  readonly secrets: SecretStore
  readonly leases: LeaseStore
  readonly events: EventLog
  readonly journal: Journal
  readonly runs: RunStore
  readonly settings: SettingStore
  /** All or nothing. Events appended inside are announced to subscribers after the commit. */
  transaction<T>(work: (store: Store) => Promise<T>): Promise<T>
  close(): Promise<void>
}
