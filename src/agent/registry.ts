import { randomUUID } from "node:crypto"
import { BifrostError, messageOf } from "../util/errors.ts"
import { agentErrors } from "./errors.ts"
import type { CommandError, CommandResult } from "./protocol.ts"

export type Params = Readonly<Record<string, unknown>>

export interface Command {
  /** Synchronous commands answer when they are done; the others answer RUNNING, unless the caller waits. */
  readonly sync: boolean
  run(params: Params, signal: AbortSignal): Promise<unknown>
}

interface Entry {
  result: CommandResult
  readonly done: Promise<void>
}

/** Results kept for GET /v1/commands. */
const KEPT = 100

/** Runs one command at a time and keeps what became of each. */
export class CommandRegistry {
  readonly #commands: Readonly<Record<string, Command>>
  /** Called when an asynchronous command has ended: the conductor is told by a heartbeat. */
  readonly #onDone: (result: CommandResult) => void
  readonly #entries = new Map<string, Entry>()
  readonly #stop = new AbortController()
  #running: Entry | undefined

  constructor(commands: Readonly<Record<string, Command>>, onDone: (result: CommandResult) => void) {
    this.#commands = commands
    this.#onDone = onDone
  }

  /** Starts a command; throws UNKNOWN_COMMAND or BUSY. A command's own failure is a result. */
  async execute(name: string, params: Params, wait: boolean): Promise<CommandResult> {
    const command = Object.hasOwn(this.#commands, name) ? this.#commands[name] : undefined
    if (!command) throw new BifrostError(agentErrors.UNKNOWN_COMMAND, { detail: name })
    if (this.#running) {
      throw new BifrostError(agentErrors.BUSY, { detail: this.#running.result.command_name })
    }
    const entry = this.#start(name, command, params)
    if (command.sync || wait) await entry.done
    return entry.result
  }

  get(id: string): CommandResult {
    const entry = this.#entries.get(id)
    if (!entry) throw new BifrostError(agentErrors.RESOURCE_UNKNOWN, { detail: `command ${id}` })
    return entry.result
  }

  /** The result once the command has ended. */
  async whenDone(id: string): Promise<CommandResult> {
    await this.#entries.get(id)?.done
    return this.get(id)
  }

  list(): CommandResult[] {
    return [...this.#entries.values()].map((entry) => entry.result)
  }

  abort(reason: Error): void {
    this.#stop.abort(reason)
  }

  #start(name: string, command: Command, params: Params): Entry {
    const running: CommandResult = {
      id: randomUUID(),
      command_name: name,
      command_params: withoutSecrets(params),
      command_status: "RUNNING",
      command_error: null,
      command_result: null,
    }
    const work = Promise.resolve().then(() => command.run(params, this.#stop.signal))
    const entry: Entry = {
      result: running,
      done: work.then(
        (value) => {
          entry.result = { ...running, command_status: "SUCCEEDED", command_result: asResult(value) }
        },
        (error) => {
          const command_status = isVersionChange(error) ? "CLEAN_VERSION_MISMATCH" : "FAILED"
          entry.result = { ...running, command_status, command_error: asError(error) }
        },
      ),
    }
    this.#running = entry
    entry.done.then(() => {
      this.#running = undefined
      if (!command.sync) this.#onDone(entry.result)
    })
    this.#entries.set(running.id, entry)
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= KEPT) break
      this.#entries.delete(id)
    }
    return entry
  }
}

const isVersionChange = (error: unknown) =>
  error instanceof BifrostError && error.code === agentErrors.VERSION_CHANGED.code

/** As a stock agent does: text becomes `{result: text}`. */
const asResult = (value: unknown) => (typeof value === "string" ? { result: value } : (value ?? null))

/** What the conductor stores and an operator reads: the chain of causes, and what to do. */
export function asError(error: unknown): CommandError {
  const causes: string[] = []
  for (let each: unknown = error; each !== undefined && causes.length < 8; ) {
    causes.push(messageOf(each))
    each = each instanceof Error ? each.cause : undefined
  }
  const known = error instanceof BifrostError
  return {
    type: known ? error.code : "AGENT_FAILED",
    code: known ? error.status : 500,
    message: messageOf(error),
    details: [causes.join(": "), ...(known ? [error.remedy] : [])].join("\n"),
  }
}

/** Config drives hold private keys: results that anyone with the token can list do not repeat them. */
function withoutSecrets(params: Params): Params {
  const hide = (key: string, value: unknown) =>
    ["configdrive", "agent_token", "rescue_password"].includes(key) && value ? "******" : value
  try {
    return JSON.parse(JSON.stringify(params, hide))
  } catch (cause) {
    // JSON can be read that is nested too deep to be written.
    throw new BifrostError(agentErrors.BAD_REQUEST, { detail: messageOf(cause), cause })
  }
}
