import { Agent, type ClientRequestArgs, type IncomingMessage } from "node:http"
import { addAbortSignal } from "node:stream"
import { inspect } from "node:util"
import Docker from "dockerode"
import type { ClientChannel } from "ssh2"
import { BifrostError, messageOf } from "../util/errors.ts"
import { transportErrors } from "./errors.ts"
import type { LastingConnection } from "./lasting-connection.ts"

const socketPath = "/var/run/docker.sock"

/**
 * dockerode whose every connection is a channel of one SSH connection to the engine's unix socket. Its errors say which host:
 * HOST_ENGINE_REFUSED is an answer (with dockerode's `statusCode`), HOST_ENGINE_LOST and HOST_UNREACHABLE are none.
 */
export function engineOver(connection: LastingConnection, host: string): { docker: Docker; destroy: () => void } {
  // docker-modem insists on a host; the agent never looks at it.
  const options = { host: "engine", port: 80, protocol: "http" } as const
  const docker = new Docker({ ...options, agent: agentOver(connection) } as Docker.DockerOptions)
  const modem: { agent: Agent; dial: Dial } = docker.modem as never
  // A channel does not tell an agent that keeps it that its connection is gone: a request on it would wait for ever.
  connection.onBreak(() => {
    modem.agent = agentOver(connection)
  })
  const dial: Dial = modem.dial.bind(modem)
  modem.dial = (request: DialOptions, callback: DialCallback) => {
    const what = `${request.method} ${request.path.replace(/\?.*/, "")}`
    connection
      .during(what, () => answer(dial, request))
      .then(
        (value) => callback(null, value),
        (error) => callback(request.abortSignal?.aborted ? error : coded(error, host, what), null),
      )
  }
  return { docker, destroy: () => modem.agent.destroy() }
}

function agentOver(connection: LastingConnection): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, maxFreeSockets: 4 })
  agent.createConnection = (_options: ClientRequestArgs, done?: (error: Error | null, stream: never) => void) => {
    connection.client().then(
      (connected) => {
        connected.openssh_forwardOutStreamLocal(socketPath, (error, channel) => {
          if (error) return done?.(error, undefined as never)
          done?.(null, asSocket(channel) as never)
        })
      },
      (error) => done?.(error, undefined as never),
    )
    // The stream comes through the callback.
    return undefined as never
  }
  // For a log that is off, docker-modem writes out all that it is given, at any depth: the whole connection, at each request.
  return Object.assign(agent, { [inspect.custom]: () => "Agent over SSH" })
}

/** docker-modem, lib/modem.js: what dockerode asks of it. */
interface DialOptions {
  readonly method: string
  readonly path: string
  readonly isStream?: boolean
  readonly hijack?: boolean
  readonly openStdin?: boolean
  readonly abortSignal?: AbortSignal
}
type DialCallback = (error: unknown, value: unknown) => void
type Dial = (options: DialOptions, callback: DialCallback) => void

/** docker-modem waits for ever for the rest of a body whose connection has broken, so bodies are read here. */
async function answer(dial: Dial, request: DialOptions): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const streams = request.isStream || request.hijack || request.openStdin
  dial({ ...request, isStream: true }, (error, value) => (error ? reject(error) : resolve(value)))
  if (streams) return promise
  const body = (await promise) as IncomingMessage
  if (request.abortSignal) addAbortSignal(request.abortSignal, body)
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  const all = Buffer.concat(chunks)
  try {
    return JSON.parse(all.toString("utf8")) || all
  } catch {
    return all
  }
}

function coded(cause: unknown, host: string, what: string): unknown {
  if (cause instanceof BifrostError) return cause
  const { statusCode } = cause as { statusCode?: number }
  if (statusCode === undefined) {
    const detail = `during: ${what} (${messageOf(cause)})`
    return new BifrostError(transportErrors.HOST_ENGINE_LOST, { node: host, detail, cause })
  }
  const said = messageOf(cause).replace(/^\(HTTP code \d+\) .*? - /, "")
  const detail = `${what}: ${said.trim()}`
  return Object.assign(new BifrostError(transportErrors.HOST_ENGINE_REFUSED, { node: host, detail, cause }), {
    statusCode,
  })
}

/** http.Agent treats what it is given as a net.Socket; these are no-ops on a channel, whose connection has its own keep-alive. */
function asSocket(channel: ClientChannel): ClientChannel {
  const same = () => channel
  return Object.assign(channel, { setKeepAlive: same, setNoDelay: same, setTimeout: same, ref: same, unref: same })
}
