import type {
  EventLog,
  Journal,
  LeaseStore,
  NodeStore,
  PortStore,
  RunStore,
  SecretStore,
  SettingStore,
  Store,
} from "../../src/store/port.ts"
import type {
  EventRecord,
  JournalEntry,
  JsonObject,
  LeaseRecord,
  NodeRecord,
  PortRecord,
  RunRecord,
} from "../../src/store/records.ts"
import { type Clock, systemClock } from "../../src/util/clock.ts"
import { Secret } from "../../src/util/secret.ts"

interface Tables {
  nodes: Map<string, NodeRecord>
  ports: Map<string, PortRecord>
  /** Owner and name, joined by a line feed. */
  secrets: Map<string, string>
  leases: Map<string, LeaseRecord>
  events: EventRecord[]
  journal: JournalEntry[]
  runs: Map<string, RunRecord>
  settings: Map<string, JsonObject>
}

/**
 * The whole store in memory, for tests of the rooms above it. Records go in and out as copies, as they do with a
 * database; a failed transaction leaves nothing behind.
 */
export function memoryStore(clock: Clock = systemClock): Store {
  let tables: Tables = {
    nodes: new Map(),
    ports: new Map(),
    secrets: new Map(),
    leases: new Map(),
    events: [],
    journal: [],
    runs: new Map(),
    settings: new Map(),
  }
  const listeners = new Set<(event: EventRecord) => void>()
  const pending: EventRecord[] = []
  let depth = 0
  const stamp = () => new Date(clock.now()).toISOString()

  const nodes: NodeStore = {
    list: async () => [...tables.nodes.values()].map(copy),
    find: async (id) => copy(tables.nodes.get(id) ?? [...tables.nodes.values()].find((node) => node.name === id)),
    async findByMac(mac) {
      const port = [...tables.ports.values()].find((each) => each.address === mac.toLowerCase())
      return copy(port && tables.nodes.get(port.node_uuid))
    },
    async insert(node) {
      if (tables.nodes.has(node.uuid)) throw new Error(`node ${node.uuid} exists`)
      tables.nodes.set(node.uuid, copy(node))
    },
    async update(uuid, fields, when = {}) {
      const node = tables.nodes.get(uuid)
      if (!node) return undefined
      for (const [key, value] of Object.entries(when)) if (node[key as keyof NodeRecord] !== value) return undefined
      const updated = { ...node, ...copy(fields), updated_at: stamp() }
      tables.nodes.set(uuid, updated)
      return copy(updated)
    },
    async remove(uuid) {
      tables.nodes.delete(uuid)
      for (const port of tables.ports.values()) if (port.node_uuid === uuid) tables.ports.delete(port.uuid)
      await secrets.remove(uuid)
    },
  }

  const ports: PortStore = {
    list: async (filter = {}) =>
      [...tables.ports.values()]
        .filter((port) => filter.node_uuid === undefined || port.node_uuid === filter.node_uuid)
        .filter((port) => filter.address === undefined || port.address === filter.address)
        .map(copy),
    find: async (uuid) => copy(tables.ports.get(uuid)),
    async insert(port) {
      for (const other of tables.ports.values())
        if (other.address === port.address) throw new Error(`port ${port.address} exists`)
      tables.ports.set(port.uuid, copy(port))
    },
    async update(uuid, fields) {
      const port = tables.ports.get(uuid)
      if (!port) return undefined
      const updated = { ...port, ...copy(fields), updated_at: stamp() }
      tables.ports.set(uuid, updated)
      return copy(updated)
    },
    remove: async (uuid) => void tables.ports.delete(uuid),
  }

  const secrets: SecretStore = {
    async get(owner, name) {
      const value = tables.secrets.get(`${owner}\n${name}`)
      return value === undefined ? undefined : new Secret(value)
    },
    put: async (owner, name, value) => void tables.secrets.set(`${owner}\n${name}`, value.reveal()),
    names: async (owner) =>
      [...tables.secrets.keys()].filter((key) => key.startsWith(`${owner}\n`)).map((key) => key.split("\n")[1] ?? ""),
    async remove(owner, name) {
      for (const each of name === undefined ? await secrets.names(owner) : [name])
        tables.secrets.delete(`${owner}\n${each}`)
    },
  }

  const leases: LeaseStore = {
    list: async () => [...tables.leases.values()].map(copy),
    put: async (lease) => void tables.leases.set(lease.address, copy(lease)),
    remove: async (address) => void tables.leases.delete(address),
  }

  const events: EventLog = {
    async append(event) {
      const record = { ...copy(event), id: tables.events.length + 1, at: clock.now() }
      tables.events.push(record)
      pending.push(record)
      if (depth === 0) announce()
      return copy(record)
    },
    since: async (id, filter = {}) =>
      tables.events
        .filter((event) => event.id > id)
        .filter((event) => filter.node_uuid === undefined || event.node_uuid === filter.node_uuid)
        .filter((event) => filter.run_id === undefined || event.run_id === filter.run_id)
        .slice(0, filter.limit)
        .map(copy),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }

  const journal: Journal = {
    async begin({ operation, subject, step, data = {} }) {
      const entry: JournalEntry = {
        id: tables.journal.length + 1,
        operation,
        subject,
        step,
        status: "running",
        data: copy(data),
        started_at: clock.now(),
        ended_at: null,
        error: null,
      }
      tables.journal.push(entry)
      return copy(entry)
    },
    async note(id, data) {
      entryOf(id).data = copy(data)
    },
    async end(id, { status, data, error = null }) {
      const entry = entryOf(id)
      Object.assign(entry, { status, error, ended_at: clock.now(), data: copy(data ?? entry.data) })
    },
    of: async (operation) => tables.journal.filter((entry) => entry.operation === operation).map(copy),
  }
  const entryOf = (id: number): JournalEntry => {
    const entry = tables.journal[id - 1]
    if (!entry) throw new Error(`journal entry ${id} does not exist`)
    return entry
  }

  const runs: RunStore = {
    insert: async (run) => void tables.runs.set(run.id, copy(run)),
    async update(id, fields) {
      const run = tables.runs.get(id)
      if (run) tables.runs.set(id, { ...run, ...copy(fields) })
    },
    find: async (id) => copy(tables.runs.get(id)),
    list: async (filter = {}) =>
      [...tables.runs.values()]
        .filter((run) => filter.status === undefined || run.status === filter.status)
        .filter((run) => filter.kind === undefined || run.kind === filter.kind)
        .map(copy),
  }

  const settings: SettingStore = {
    get: async (key) => copy(tables.settings.get(key)),
    put: async (key, value) => void tables.settings.set(key, copy(value)),
  }

  function announce(): void {
    for (const event of pending.splice(0)) for (const listener of listeners) listener(copy(event))
  }

  const store: Store = {
    nodes,
    ports,
    secrets,
    leases,
    events,
    journal,
    runs,
    settings,
    async transaction(work) {
      const before = structuredClone(tables)
      const announced = pending.length
      depth++
      try {
        return await work(store)
      } catch (error) {
        tables = before
        pending.length = announced
        throw error
      } finally {
        depth--
        if (depth === 0) announce()
      }
    },
    close: async () => {},
  }
  return store
}

/** A node in the state given, everything else empty. */
export function someNode(fields: Partial<NodeRecord> & Pick<NodeRecord, "uuid">): NodeRecord {
  return {
    name: null,
    driver: "ipmi",
    driver_info: {},
    properties: {},
    instance_info: {},
    driver_internal_info: {},
    extra: {},
    groups: [],
    resource_class: null,
    instance_uuid: null,
    provision_state: "enroll",
    target_provision_state: null,
    power_state: null,
    target_power_state: null,
    last_error: null,
    maintenance: false,
    maintenance_reason: null,
    provision_updated_at: null,
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: null,
    ...fields,
  }
}

/** A port of that node; its uuid is made from the address. */
export function somePort(fields: Pick<PortRecord, "node_uuid" | "address"> & Partial<PortRecord>): PortRecord {
  return {
    uuid: `port-${fields.address}`,
    pxe_enabled: true,
    physical_network: null,
    local_link_connection: {},
    extra: {},
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: null,
    ...fields,
  }
}

function copy<T>(value: T): T {
  return structuredClone(value)
}
