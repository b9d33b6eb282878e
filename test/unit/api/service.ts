import type { ApiOptions, RunRequest } from "../../../src/api/ports.ts"
import { buildApi } from "../../../src/api/server.ts"
import { conductorErrors } from "../../../src/conductor/errors.ts"
import type { Conductor, Explanation } from "../../../src/conductor/port.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import type { Store } from "../../../src/store/port.ts"
import type { NodeRecord, RunRecord } from "../../../src/store/records.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { BifrostError } from "../../../src/util/errors.ts"

export const NOW = Date.parse("2026-03-01T12:00:00.000Z")

/** A conductor that moves records at once and calls no BMC; `calls` tells what it was asked. */
export function quickConductor(store: Store) {
  const calls: unknown[][] = []
  const change = async (id: string, fields: Partial<NodeRecord>): Promise<NodeRecord> => {
    const node = await store.nodes.find(id)
    if (!node) throw new BifrostError(conductorErrors.NODE_NOT_FOUND, { detail: id })
    return (await store.nodes.update(node.uuid, fields))!
  }
  const verbs: Record<string, Partial<NodeRecord>> = {
    manage: { provision_state: "manageable" },
    provide: { provision_state: "available" },
    active: { provision_state: "active" },
    deploy: { provision_state: "active" },
    deleted: { provision_state: "available" },
    undeploy: { provision_state: "available" },
  }
  const conductor: Conductor = {
    start: async () => {},
    stop: async () => {},
    async provision(node, verb, options) {
      calls.push(["provision", node, verb, options])
      const fields = verbs[verb]
      if (!fields) throw new BifrostError(conductorErrors.VERB_UNKNOWN, { detail: verb })
      return change(node, { ...fields, target_provision_state: null })
    },
    async power(node, target) {
      calls.push(["power", node, target])
      return change(node, { power_state: target === "power off" ? "power off" : "power on" })
    },
    setMaintenance: (node, on, reason) => change(node, { maintenance: on, maintenance_reason: reason ?? null }),
    async setBootDevice(...args) {
      calls.push(["setBootDevice", ...args])
    },
    getBootDevice: async () => ({ boot_device: "disk", persistent: true }),
    validate: async () => ({
      power: { result: true, reason: null },
      management: { result: true, reason: null },
      boot: { result: true, reason: null },
      deploy: { result: false, reason: "instance_info.image_source is not set" },
    }),
    inventory: async () => undefined,
    async lookup(query) {
      calls.push(["lookup", query])
      throw new BifrostError(conductorErrors.LOOKUP_UNKNOWN)
    },
    async heartbeat(...args) {
      calls.push(["heartbeat", ...args])
    },
    async progress(...args) {
      calls.push(["progress", ...args])
    },
    async firstBoot(...args) {
      calls.push(["firstBoot", ...args])
    },
    async explain(id): Promise<Explanation> {
      const node = await change(id, {})
      return {
        node: node.name ?? node.uuid,
        state: node.provision_state,
        target: node.target_provision_state,
        step: null,
        attempt: null,
        waiting_for: null,
        phases: [],
        progress: null,
        due_by: null,
        or_else: null,
        check: null,
        last_error: null,
      }
    },
    waitFor: (node) => change(node, {}),
  }
  return { conductor, calls }
}

/** The API over a store in memory, with a run engine that only records. */
export async function startService(more: Partial<ApiOptions> = {}) {
  const store = await openMemoryStore({ clock: { ...systemClock, now: () => NOW } })
  const { conductor, calls } = quickConductor(store)
  const failures: unknown[] = []
  const runs = {
    async start({ kind, ...request }: RunRequest): Promise<RunRecord> {
      const id = `run-${(await store.runs.list()).length + 1}`
      const run: RunRecord = {
        id,
        kind,
        status: "running",
        request,
        result: null,
        started_at: NOW,
        ended_at: null,
      }
      await store.runs.insert(run)
      return run
    },
    async abort(id: string): Promise<RunRecord> {
      await store.runs.update(id, { status: "aborted", ended_at: NOW })
      return (await store.runs.find(id))!
    },
  }
  const clock = { ...systemClock, now: () => NOW }
  const app = buildApi({
    ...{ store, conductor, runs, clock, hostname: "test-host" },
    onFailure: (error) => failures.push(error),
    ...more,
  })
  return { app, store, conductor, calls, failures, runs, close: () => app.close().then(() => store.close()) }
}
