import type { EventRecord, JournalEntry, JsonObject, NodeRecord } from "../store/records.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { lastErrorOf, worthAnotherBoot } from "./errors.ts"
import { amend, findNode, holdFence, type Operation, operationOf, Superseded } from "./operation.ts"
import { handlers, type Plan } from "./plans.ts"
import type { Step, StepRun, Tools } from "./step.ts"
import { fieldsAfter, fieldsAtTakeOver, type Result } from "./transition.ts"

/** A plan is begun again from network boot once; the second failure is the user's. */
const attempts = 2

interface Worker {
  readonly abort: AbortController
  readonly done: Promise<void>
}

/** Journal key of one attempt at one plan. */
export const journalOf = (operation: Operation, plan: Plan) => `${operation.id}/${plan.name}/${operation.attempt}`

/** One worker for each node that is under way; each turn of a worker runs the steps of one state. */
export class Engine {
  readonly #tools: Tools
  readonly #workers = new Map<string, Worker>()
  #stopped = false

  constructor(tools: Tools) {
    this.#tools = tools
  }

  /** Takes over all operations that a dead process left, whatever they were doing. */
  async resume(): Promise<void> {
    this.#stopped = false
    const { store } = this.#tools
    for (const { uuid, provision_state } of await store.nodes.list()) {
      if (!handlers[provision_state]) continue
      await amend(store, uuid, (node) => {
        const operation = operationOf(node)
        return operation && fieldsAtTakeOver(node, operation)
      })
      this.launch(uuid)
    }
  }

  /** Begins to work on what the node's record asks for, once the worker of what it asked for before has let go. */
  launch(uuid: string): void {
    if (this.#stopped) return
    const before = this.#workers.get(uuid)
    before?.abort.abort(new Superseded())
    const abort = new AbortController()
    const work = async () => {
      await before?.done
      await this.#work(uuid, abort.signal)
    }
    const worker: Worker = {
      abort,
      done: work().finally(() => {
        if (this.#workers.get(uuid) === worker) this.#workers.delete(uuid)
      }),
    }
    this.#workers.set(uuid, worker)
  }

  /** Ends the worker of an operation that is no longer wanted. */
  cancel(uuid: string): void {
    this.#workers.get(uuid)?.abort.abort(new Superseded())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const workers = [...this.#workers.values()]
    for (const { abort } of workers) abort.abort(new Superseded())
    await Promise.all(workers.map(({ done }) => done))
  }

  async #work(uuid: string, signal: AbortSignal): Promise<void> {
    const { store } = this.#tools
    try {
      for (;;) {
        signal.throwIfAborted()
        const node = await findNode(store, uuid)
        const handler = handlers[node.provision_state]
        const operation = operationOf(node)
        if (!handler || !operation) return
        const result = await this.#turn(node, operation, handler.plan, handler.where, signal).catch(
          (error: unknown) => {
            if (signal.aborted || error instanceof Superseded) throw error
            // A fault of ours outside any step: better a failed node than one that nobody works on.
            return { kind: "failed", error: lastErrorOf(error) } as const
          },
        )
        await this.#apply(node, operation, result)
      }
    } catch (error) {
      // Superseded: another worker, or the user, has the say now. A closed store: the process is ending.
      if (signal.aborted || error instanceof Superseded) return
      process.emitWarning(`conductor: ${uuid}: ${messageOf(error)}`)
    }
  }

  /** Runs the plan's open steps up to the first that belongs to the operation's other state. */
  async #turn(
    node: NodeRecord,
    operation: Operation,
    plan: Plan,
    where: Step["where"],
    signal: AbortSignal,
  ): Promise<Result> {
    const { journal } = this.#tools.store
    for (const step of plan.steps(operation, this.#tools)) {
      const entries = await journal.of(journalOf(operation, plan))
      const entry = entries.findLast((each) => each.step === step.name)
      if (entry?.status === "done") continue
      if (step.where !== where) return { kind: "move", event: where === "work" ? "wait" : "resume" }
      const result = await this.#step(node.uuid, operation, plan, step, entries, signal)
      if (result) return result
    }
    return where === "wait" ? { kind: "move", event: "resume" } : { kind: "move", event: plan.ends(operation) }
  }

  /** One journalled step; undefined when it ended well. */
  async #step(
    uuid: string,
    operation: Operation,
    plan: Plan,
    step: Step,
    entries: readonly JournalEntry[],
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const { store } = this.#tools
    const about: JsonObject = { operation: plan.name, step: step.name, attempt: operation.attempt }
    const begun = await this.#begin(uuid, operation, plan, step, about, entries)
    const node = await findNode(store, uuid)
    const run = this.#run(node, operation, begun.entry, entries, begun.repeated, signal)
    try {
      const left = await step.run(run)
      signal.throwIfAborted()
      const data = { ...run.data, ...left }
      await store.transaction(async (inside) => {
        await inside.journal.end(begun.entry.id, { status: "done", data })
        await inside.events.append({ kind: "step.end", node_uuid: uuid, run_id: null, data: about })
      })
      return undefined
    } catch (error) {
      // Stopped or superseded: the entry stays "running", for whoever takes the operation up.
      if (signal.aborted || error instanceof Superseded) throw new Superseded()
      const text = lastErrorOf(error)
      const again = isWorthAnotherBoot(error) && operation.attempt < attempts
      await store.transaction(async (inside) => {
        await inside.journal.end(begun.entry.id, { status: "failed", error: text })
        const data = { ...about, error: text, again }
        await inside.events.append({ kind: "step.end", node_uuid: uuid, run_id: null, data })
      })
      return again ? { kind: "restart", reason: text } : { kind: "failed", error: text }
    }
  }

  /** The journal's entry and the event of a step's beginning: one transaction, so that one always knows the other. */
  async #begin(
    uuid: string,
    operation: Operation,
    plan: Plan,
    step: Step,
    about: JsonObject,
    entries: readonly JournalEntry[],
  ): Promise<{ entry: JournalEntry; repeated: boolean }> {
    const cutOff = entries.findLast((each) => each.step === step.name && each.status === "running")
    if (cutOff) return { entry: cutOff, repeated: true }
    const entry = await this.#tools.store.transaction(async (inside) => {
      holdFence(await findNode(inside, uuid), operation)
      const event: EventRecord = await inside.events.append({
        kind: "step.start",
        node_uuid: uuid,
        run_id: null,
        data: about,
      })
      const data = { event: event.id, at: event.at }
      return inside.journal.begin({ operation: journalOf(operation, plan), subject: uuid, step: step.name, data })
    })
    return { entry, repeated: false }
  }

  #run(
    node: NodeRecord,
    operation: Operation,
    entry: JournalEntry,
    entries: readonly JournalEntry[],
    repeated: boolean,
    signal: AbortSignal,
  ): StepRun {
    const { store } = this.#tools
    const data = entry.data as StepRun["data"]
    return {
      tools: this.#tools,
      node,
      operation,
      signal,
      data,
      repeated,
      earlier(step) {
        const found = entries.findLast((each) => each.step === step && each.status === "done")
        if (!found) throw new Error(`${entry.step} needs "${step}", which is not in the journal`)
        return found.data
      },
      async note(more) {
        Object.assign(data, more)
        await store.journal.note(entry.id, data)
      },
      amend: (change) =>
        amend(store, node.uuid, (current, inside) => {
          holdFence(current, operation)
          return change(current, inside)
        }),
    }
  }

  /** The one place where a worker moves a node: if it still holds the fence, state, error and event change together. */
  async #apply(from: NodeRecord, operation: Operation, result: Result): Promise<void> {
    const { store, clock } = this.#tools
    await amend(store, from.uuid, async (node, inside) => {
      holdFence(node, operation)
      if (node.provision_state !== from.provision_state) throw new Superseded()
      const fields = fieldsAfter(node, operation, result, clock.now())
      const to = fields.provision_state ?? node.provision_state
      const data: JsonObject = {
        from: node.provision_state,
        to,
        ...(result.kind === "failed" && { error: result.error }),
        ...(result.kind === "restart" && { again: result.reason }),
      }
      await inside.events.append({ kind: "node.state", node_uuid: node.uuid, run_id: null, data })
      return fields
    })
  }
}

const isWorthAnotherBoot = (error: unknown) => error instanceof BifrostError && worthAnotherBoot.has(error.code)
