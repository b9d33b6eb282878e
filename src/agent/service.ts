import dgram from "node:dgram"
import type { Clock } from "../util/clock.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { agentErrors } from "./errors.ts"
import { AGENT_VERSION, BOOT_KEY_HEADER, type Heartbeat, type LookupAnswer, type Progress } from "./protocol.ts"

/** The API version of lookup with tokens (1.62) and of heartbeats with agent_status (1.72). */
const HEADERS = { "X-OpenStack-Ironic-API-Version": "1.72", Accept: "application/json" }
const REQUEST_MS = 10_000

/** The provisioner as the agent sees it. */
export class Service {
  readonly #base: string
  readonly #clock: Clock
  readonly #log: (line: string) => void

  constructor(base: string, clock: Clock, log: (line: string) => void) {
    this.#base = base
    this.#clock = clock
    this.#log = log
  }

  /** Asks until the service knows one of the addresses: at once, then after growing pauses of at most 2 s. */
  async lookup(addresses: readonly string[], bootKey: Secret, timeoutMs: number): Promise<LookupAnswer> {
    const deadline = this.#clock.now() + timeoutMs
    const path = `/v1/lookup?addresses=${addresses.map(encodeURIComponent).join(",")}`
    for (let pause = 100; ; pause = Math.min(2000, pause * 2)) {
      try {
        const response = await this.#fetch("GET", path, { headers: { [BOOT_KEY_HEADER]: bootKey.reveal() } })
        if (response.ok) return (await response.json()) as LookupAnswer
        throw new Error(`HTTP ${response.status} ${(await response.text()).slice(0, 200)}`)
      } catch (cause) {
        if (this.#clock.now() + pause > deadline) {
          throw new BifrostError(agentErrors.LOOKUP_TIMED_OUT, { detail: messageOf(deepest(cause)), cause })
        }
        this.#log(`lookup: ${messageOf(deepest(cause))}; asks again`)
      }
      await this.#clock.sleep(pause * (0.75 + Math.random() / 2))
    }
  }

  /** Resolves when the service has taken the heartbeat. */
  async heartbeat(uuid: string, callbackUrl: string, token: Secret): Promise<void> {
    const body: Heartbeat = { callback_url: callbackUrl, agent_token: token.reveal(), agent_version: AGENT_VERSION }
    const response = await this.#fetch("POST", `/v1/heartbeat/${uuid}`, { body }).catch((cause) => {
      throw new BifrostError(agentErrors.SERVICE_UNREACHABLE, { detail: messageOf(deepest(cause)), cause })
    })
    const text = await response.text()
    if (response.ok) return
    throw new BifrostError(agentErrors.SERVICE_UNREACHABLE, {
      detail: `heartbeat: HTTP ${response.status} ${text.slice(0, 200)}`,
      expected: "202",
    })
  }

  /** Best effort: a lost report is followed by another. */
  async progress(uuid: string, progress: Progress): Promise<void> {
    try {
      const response = await this.#fetch("POST", `/v1/agent/${uuid}/progress`, { body: progress })
      await response.arrayBuffer()
    } catch {
      // Nothing waits for it.
    }
  }

  #fetch(
    method: string,
    path: string,
    { body, headers }: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Response> {
    return fetch(`${this.#base}${path}`, {
      method,
      headers: { ...HEADERS, ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_MS),
    })
  }
}

/** fetch says "fetch failed"; its cause says why. */
const deepest = (error: unknown): unknown => (error instanceof Error && error.cause ? deepest(error.cause) : error)

/** Our address on the way to the service. Connecting a datagram socket sends nothing: the kernel only looks at routes. */
export function addressTowards(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, "")
  const socket = dgram.createSocket(host.includes(":") ? "udp6" : "udp4")
  return new Promise((resolve, reject) => {
    socket.once("error", reject)
    socket.connect(Number(port || 80), host, () => {
      resolve(socket.address().address)
      socket.close()
    })
  })
}
