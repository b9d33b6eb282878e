import type { NodeRecord, PowerState } from "../store/records.ts"
import { BifrostError } from "../util/errors.ts"
import { conductorErrors, lastErrorOf } from "./errors.ts"
import { amend, findNode, nameOf, operationOf } from "./operation.ts"
import { type PowerTarget, powerTargets } from "./port.ts"
import type { Tools } from "./step.ts"
import { bmcOf } from "./steps/machine.ts"

/** How often each resting machine's power is read, ms. */
const syncEvery = 60_000
/** A BMC that does not answer is asked less and less often, up to this. */
const syncAtMost = 30 * 60_000

const wanted: Record<PowerTarget, PowerState> = {
  "power on": "power on",
  "power off": "power off",
  rebooting: "power on",
  "soft power off": "power off",
  "soft rebooting": "power on",
}

/** Power on request, and what the BMCs say of it in the meantime. */
export class PowerKeeper {
  readonly #tools: Tools
  readonly #changes = new Map<string, Promise<void>>()
  /** Node → failures in a row and when to ask again. */
  readonly #silent = new Map<string, { failures: number; again: number }>()
  #abort = new AbortController()
  #loop: Promise<void> = Promise.resolve()

  constructor(tools: Tools) {
    this.#tools = tools
  }

  /** Finishes the changes that a dead process had begun, then watches. */
  async start(): Promise<void> {
    this.#abort = new AbortController()
    for (const node of await this.#tools.store.nodes.list()) {
      if (isPowerTarget(node.target_power_state) && !operationOf(node)) this.#change(node, node.target_power_state)
    }
    this.#loop = this.#watch(this.#abort.signal)
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error("the service stops"))
    await Promise.all([this.#loop, ...this.#changes.values()])
  }

  async request(id: string, target: string): Promise<NodeRecord> {
    if (!isPowerTarget(target)) {
      throw new BifrostError(conductorErrors.VERB_UNKNOWN, {
        detail: `power target "${target}"`,
        expected: powerTargets.join(", "),
      })
    }
    await bmcOf(this.#tools, await findNode(this.#tools.store, id))
    const node = await amend(this.#tools.store, id, (current) => {
      if (operationOf(current) || this.#changes.has(current.uuid)) {
        throw new BifrostError(conductorErrors.NODE_BUSY, { node: nameOf(current), detail: current.provision_state })
      }
      return { target_power_state: wanted[target], last_error: null }
    })
    this.#change(node, target)
    return node
  }

  #change(node: NodeRecord, target: PowerTarget): void {
    const { signal } = this.#abort
    const { store } = this.#tools
    const work = async () => {
      try {
        const { power } = await bmcOf(this.#tools, node)
        const state = await power.set(target, signal)
        await this.#record(node.uuid, { power_state: state, target_power_state: null })
      } catch (error) {
        // A stop leaves the target in the record: the next start carries it out.
        if (signal.aborted) return
        await amend(store, node.uuid, () => ({ target_power_state: null, last_error: lastErrorOf(error) }))
      }
    }
    const done = work().finally(() => this.#changes.delete(node.uuid))
    this.#changes.set(node.uuid, done)
  }

  async #record(uuid: string, fields: { power_state: PowerState; target_power_state?: null }): Promise<void> {
    await amend(this.#tools.store, uuid, async (node, inside) => {
      if (node.power_state !== fields.power_state) {
        const data = { from: node.power_state, to: fields.power_state }
        await inside.events.append({ kind: "node.power", node_uuid: uuid, run_id: null, data })
      } else if (fields.target_power_state === undefined) return undefined
      return fields
    })
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { clock } = this.#tools
    try {
      for (;;) {
        await clock.sleep(syncEvery, signal)
        await this.sync(signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Reads the power of every machine that nothing else is asking. One BMC after the other: there is no hurry. */
  async sync(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#tools
    for (const { uuid } of await store.nodes.list()) {
      signal.throwIfAborted()
      const node = await store.nodes.find(uuid)
      const quiet = this.#silent.get(uuid)
      if (!node || !rests(node) || (quiet && quiet.again > clock.now())) continue
      try {
        const { power } = await bmcOf(this.#tools, node)
        const state = await power.get(signal)
        this.#silent.delete(uuid)
        await this.#observed(node, state)
      } catch {
        signal.throwIfAborted()
        const failures = (quiet?.failures ?? 0) + 1
        this.#silent.set(uuid, { failures, again: clock.now() + Math.min(syncEvery * 2 ** failures, syncAtMost) })
        // One lost answer is no news.
        if (failures >= 3) await this.#observed(node, "error")
      }
    }
  }

  /** What was read counts only if nothing touched the node meanwhile. */
  async #observed(read: NodeRecord, power_state: PowerState | null): Promise<void> {
    if (power_state === null) return
    const now = await this.#tools.store.nodes.find(read.uuid)
    if (now && rests(now) && now.updated_at === read.updated_at) await this.#record(read.uuid, { power_state })
  }
}

/** A node that was only enrolled is not asked: its credentials are not verified yet. */
const rests = (node: NodeRecord) =>
  !operationOf(node) && node.target_power_state === null && !node.maintenance && node.provision_state !== "enroll"

const isPowerTarget = (target: string | null): target is PowerTarget =>
  (powerTargets as readonly (string | null)[]).includes(target)
