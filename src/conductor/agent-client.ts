import type { CommandError, CommandList, CommandName, CommandResult, Commands } from "../agent/protocol.ts"
import { isObject, type JsonObject } from "../store/records.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { conductorErrors } from "./errors.ts"
import { textOf } from "./operation.ts"

export interface AgentTarget {
  /** The callback_url of its heartbeat. */
  readonly url: string
  readonly token: Secret
  /** The node's name, for errors. */
  readonly node: string
}

type ResultOf<N extends CommandName> = CommandResult<Commands[N]["result"]>

/**
 * The agent's API. Rejects with AGENT_LOST (no answer), AGENT_UNAUTHORISED (another agent, or one that restarted) or
 * AGENT_FAILED (an answer that is a refusal).
 */
export interface AgentClient {
  /** Runs a command to its end and returns its result; AGENT_FAILED when it fails. */
  run<N extends CommandName>(
    name: N,
    params: Commands[N]["params"],
    signal: AbortSignal,
  ): Promise<Commands[N]["result"]>
  /** Starts a command that takes long; it goes on in the agent. */
  begin<N extends CommandName>(name: N, params: Commands[N]["params"], signal: AbortSignal): Promise<ResultOf<N>>
  commands(signal: AbortSignal): Promise<readonly CommandResult[]>
  command(id: string, signal: AbortSignal): Promise<CommandResult>
}

/** An answer should come at once; a guest without KVM that is busy writing takes its time. */
const answerWithin = 30_000

export function agentClient(target: AgentTarget, request: typeof fetch = fetch): AgentClient {
  const { node } = target
  const url = (path: string) => `${target.url.replace(/\/+$/, "")}${path}`

  async function call(method: "GET" | "POST", path: string, signal: AbortSignal, body?: unknown): Promise<JsonObject> {
    const response = await request(url(path), {
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithin)]),
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    }).catch((cause: unknown) => {
      signal.throwIfAborted()
      // fetch's own message is "fetch failed"; the reason is one level down.
      const reason = cause instanceof Error && cause.cause ? messageOf(cause.cause) : messageOf(cause)
      throw new BifrostError(conductorErrors.AGENT_LOST, {
        node,
        detail: `${target.url} does not answer: ${reason}`,
        cause,
      })
    })
    const answer: unknown = await response.json().catch(() => undefined)
    signal.throwIfAborted()
    if (response.status === 401 || response.status === 403) {
      throw new BifrostError(conductorErrors.AGENT_UNAUTHORISED, { node, detail: `${target.url} refuses the token` })
    }
    if (!response.ok) {
      const fault = isObject(answer) ? textOf(answer["faultstring"]) : undefined
      throw new BifrostError(conductorErrors.AGENT_FAILED, { node, detail: fault ?? `HTTP ${response.status}` })
    }
    if (!isObject(answer)) throw stranger()
    return answer
  }

  // Whoever has the address now may be no agent at all.
  const stranger = () => new BifrostError(conductorErrors.AGENT_FAILED, { node, detail: `${target.url} is no agent` })

  const post = async <N extends CommandName>(
    name: N,
    params: Commands[N]["params"],
    wait: boolean,
    signal: AbortSignal,
  ) => {
    const query = new URLSearchParams({ wait: String(wait), agent_token: target.token.reveal() })
    const result = (await call("POST", `/v1/commands/?${query}`, signal, { name, params })) as unknown as ResultOf<N>
    if (result.command_status !== "RUNNING") succeeded(result, node)
    return result
  }

  return {
    async run(name, params, signal) {
      const { command_result } = await post(name, params, true, signal)
      return command_result as Commands[typeof name]["result"]
    },
    begin: (name, params, signal) => post(name, params, false, signal),
    async commands(signal) {
      const { commands } = await call("GET", "/v1/commands", signal)
      if (!Array.isArray(commands) || !commands.every(isObject)) throw stranger()
      return commands as unknown as CommandList["commands"]
    },
    command: async (id, signal) =>
      (await call("GET", `/v1/commands/${encodeURIComponent(id)}`, signal)) as unknown as CommandResult,
  }
}

/** Throws AGENT_FAILED with the agent's own words unless the command ended well. */
export function succeeded(result: CommandResult, node: string): void {
  if (result.command_status === "SUCCEEDED") return
  const given: Partial<Record<keyof CommandError, unknown>> = result.command_error ?? {}
  const failure: CommandError = {
    type: textOf(given.type) ?? "unknown",
    code: typeof given.code === "number" ? given.code : 500,
    message: textOf(given.message) ?? "no reason given",
    details: textOf(given.details) ?? "",
  }
  const { type, message, details } = failure
  // Our agent's details are the chain of causes, which begins with the message, and a line that says what to do.
  const [causes = "", ...remedy] = details.split("\n")
  const said = causes.startsWith(message) ? causes : message
  throw new BifrostError(conductorErrors.AGENT_FAILED, {
    node,
    detail: `${type}: ${said}`,
    cause: failure,
    ...(causes.startsWith(message) && remedy.length > 0 && { remedy: remedy.join(" ") }),
  })
}

/** What the agent said of a command that failed; undefined for any other error. */
export function agentFailure(error: unknown): CommandError | undefined {
  if (!(error instanceof BifrostError) || error.code !== conductorErrors.AGENT_FAILED.code) return undefined
  return error.cause as CommandError | undefined
}
