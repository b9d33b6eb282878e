import { createHash, timingSafeEqual } from "node:crypto"
import http from "node:http"
import type { AddressInfo } from "node:net"
import { BifrostError, messageOf } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { agentErrors } from "./errors.ts"
import { AGENT_VERSION, type AgentStatus, type CommandRequest, type Fault } from "./protocol.ts"
import type { CommandRegistry } from "./registry.ts"

export interface ApiRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly body?: string
}

export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
}

/** A config drive may be tens of megabytes of base64. */
const BODY_LIMIT = 96 * 1024 * 1024

export type Api = (request: ApiRequest) => Promise<ApiAnswer>

/** The command API without a socket: request in, answer out; never throws. */
export function agentApi(registry: CommandRegistry, token: Secret, startedAt: number): Api {
  return async (request) => {
    try {
      return { status: 200, body: await route(request) }
    } catch (error) {
      const status = error instanceof BifrostError ? error.status : 500
      const fault: Fault = { faultcode: status < 500 ? "Client" : "Server", faultstring: messageOf(error) }
      return { status, body: fault }
    }
  }

  async function route({ method, url, body }: ApiRequest): Promise<unknown> {
    const address = URL.parse(url, "http://agent")
    if (!address) throw new BifrostError(agentErrors.BAD_REQUEST, { detail: url.slice(0, 200) })
    const { pathname, searchParams } = address
    const path = pathname.replace(/\/+$/, "")
    if (method === "GET" && path === "") return { name: "bifrost-ts agent", default_version: { id: "v1" } }
    if (method === "GET" && path === "/v1/status") {
      return { started_at: startedAt, version: AGENT_VERSION } satisfies AgentStatus
    }
    const match = /^\/v1\/commands(?:\/([^/]+))?$/.exec(path)
    const id = match?.[1]
    if (!match) throw new BifrostError(agentErrors.RESOURCE_UNKNOWN, { detail: path })
    // A stock conductor reads results without a token, which is why they hold no secrets; starting one needs it.
    if (method === "GET" && id === undefined) return { commands: registry.list() }
    if (method === "GET" && id !== undefined) {
      return searchParams.get("wait") === "true" ? registry.whenDone(id) : registry.get(id)
    }
    if (method !== "POST" || id !== undefined) throw new BifrostError(agentErrors.RESOURCE_UNKNOWN, { detail: method })
    if (!sameToken(searchParams.get("agent_token") ?? "", token)) throw new BifrostError(agentErrors.BAD_TOKEN)
    const { name, params } = parseCommand(body)
    return registry.execute(name, params, searchParams.get("wait") === "true")
  }
}

/** Digests have one length, so neither time nor an exception tells anything of the token. */
function sameToken(given: string, token: Secret): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest()
  return timingSafeEqual(digest(given), digest(token.reveal()))
}

function parseCommand(body: string | undefined): CommandRequest {
  try {
    const { name, params } = JSON.parse(body ?? "")
    const isObject = typeof params === "object" && params !== null && !Array.isArray(params)
    if (typeof name === "string" && isObject) return { name, params }
  } catch (cause) {
    throw new BifrostError(agentErrors.BAD_REQUEST, { detail: messageOf(cause), cause })
  }
  throw new BifrostError(agentErrors.BAD_REQUEST, { expected: "{name: string, params: object}" })
}

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

/** Serves the API on one address. `port` 0 takes any (tests). */
export async function listen(api: Api, address: string, port: number): Promise<Listening> {
  const server = http.createServer(async (incoming, outgoing) => {
    const body = await readBody(incoming)
    const answer =
      body === undefined
        ? { status: 413, body: { faultcode: "Client", faultstring: `more than ${BODY_LIMIT} bytes` } satisfies Fault }
        : await api({ method: incoming.method ?? "GET", url: incoming.url ?? "/", body })
    const text = JSON.stringify(answer.body)
    outgoing.writeHead(answer.status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    outgoing.end(text)
  })
  server.on("clientError", (_error, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, address, resolve)
  })
  const bound = server.address() as AddressInfo
  const host = bound.family === "IPv6" ? `[${bound.address}]` : bound.address
  return {
    url: `http://${host}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readBody(incoming: http.IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > BODY_LIMIT) return undefined
      parts.push(chunk)
    }
  } catch {
    // The caller went away; there is nobody to answer.
  }
  return Buffer.concat(parts).toString("utf8")
}
