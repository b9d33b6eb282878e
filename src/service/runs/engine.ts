import { randomUUID } from "node:crypto"
import type { Store } from "../../store/port.ts"
import type { JsonObject, RunRecord } from "../../store/records.ts"
import type { Clock } from "../../util/clock.ts"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { serviceErrors } from "../errors.ts"

export interface RunContext {
  readonly run: RunRecord
  readonly signal: AbortSignal
  /** Appends a `run.*` event. */
  tell(kind: string, data: JsonObject): Promise<void>
}

/** What a kind of run does. May be called again with the same record after the service died. */
export interface RunKind {
  /** Throws RUN_INVALID (or a clearer error) before anything is stored. */
  check(request: JsonObject): Promise<void>
  execute(context: RunContext): Promise<JsonObject>
}

/** Thrown into a run by stop(): the run stays "running" in the store, and the next start() takes it up. */
class Stopping extends Error {}
class Aborted extends Error {}

/** Runs users' requests one at a time, each remembered in the store until it has ended. */
export class RunEngine {
  readonly #store: Store
  readonly #clock: Clock
  readonly #kinds: Readonly<Record<string, RunKind>>
  readonly #active = new Map<string, { controller: AbortController; finished: Promise<void> }>()

  constructor(options: { store: Store; clock: Clock; kinds: Readonly<Record<string, RunKind>> }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#kinds = options.kinds
  }

  /** Takes up the runs that the last process left unfinished. */
  async resume(): Promise<void> {
    for (const run of await this.#store.runs.list({ status: "running" })) this.#begin(run)
  }

  async start(request: { kind: string } & JsonObject): Promise<RunRecord> {
    const { kind, ...rest } = request
    const runKind = this.#kinds[kind]
    if (!runKind) {
      const expected = Object.keys(this.#kinds).join(" or ")
      throw new BifrostError(serviceErrors.RUN_INVALID, { detail: `kind "${kind}"`, expected })
    }
    await runKind.check(rest)
    const run: RunRecord = {
      id: randomUUID(),
      kind,
      status: "running",
      request: rest,
      result: null,
      started_at: this.#clock.now(),
      ended_at: null,
    }
    await this.#store.transaction(async (inside) => {
      const [other] = await inside.runs.list({ status: "running" })
      if (other) throw new BifrostError(serviceErrors.RUN_BUSY, { detail: `${other.kind} ${other.id}` })
      await inside.runs.insert(run)
      await inside.events.append({ kind: "run.start", node_uuid: null, run_id: run.id, data: { kind, request: rest } })
    })
    this.#begin(run)
    return run
  }

  /** Ends a run that is under way; one that has ended already is left as it is. */
  async abort(id: string): Promise<RunRecord> {
    const active = this.#active.get(id)
    active?.controller.abort(new Aborted("aborted by the user"))
    await active?.finished
    const run = await this.#store.runs.find(id)
    if (!run) throw new BifrostError(serviceErrors.RUN_UNKNOWN, { detail: id })
    return run
  }

  async stop(): Promise<void> {
    const all = [...this.#active.values()]
    for (const { controller } of all) controller.abort(new Stopping())
    await Promise.all(all.map(({ finished }) => finished))
  }

  #begin(run: RunRecord): void {
    const controller = new AbortController()
    const finished = this.#execute(run, controller.signal).finally(() => this.#active.delete(run.id))
    this.#active.set(run.id, { controller, finished })
  }

  async #execute(run: RunRecord, signal: AbortSignal): Promise<void> {
    const tell = async (kind: string, data: JsonObject) => {
      await this.#store.events.append({ kind, node_uuid: null, run_id: run.id, data })
    }
    try {
      const kind = this.#kinds[run.kind]
      if (!kind) throw new BifrostError(serviceErrors.RUN_INVALID, { detail: `kind "${run.kind}"` })
      await this.#end(run, "succeeded", await kind.execute({ run, signal, tell }))
    } catch (error) {
      if (signal.reason instanceof Stopping) return
      const status = signal.reason instanceof Aborted ? "aborted" : "failed"
      const remedy: JsonObject = error instanceof BifrostError ? { remedy: error.remedy, code: error.code } : {}
      await this.#end(run, status, { error: messageOf(error), ...remedy })
    }
  }

  async #end(run: RunRecord, status: RunRecord["status"], result: JsonObject): Promise<void> {
    await this.#store.transaction(async (inside) => {
      await inside.runs.update(run.id, { status, result, ended_at: this.#clock.now() })
      await inside.events.append({ kind: "run.end", node_uuid: null, run_id: run.id, data: { status, ...result } })
    })
  }
}
