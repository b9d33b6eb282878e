import { type IncomingMessage, request } from "node:http"
import type { EventRecord } from "../store/records.ts"
import { BifrostError } from "../util/errors.ts"
import { inState, pathsFrom } from "../util/paths.ts"
import { cliErrors } from "./errors.ts"

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/** One entry of a file that was refused. */
export interface FaultLine {
  readonly line: number
  readonly column: number
  readonly what: string
  readonly expected: string
}

/** What the service refused, with the lines of a refused file. */
export class ApiError extends BifrostError {
  readonly faults: readonly FaultLine[]

  constructor(status: number, text: string) {
    const { error, error_message } = parse(text) ?? {}
    const code = error?.code ?? "HTTP_ERROR"
    const summary = error?.message ?? faultstring(error_message) ?? `HTTP status ${status}`
    super({ code, status, summary, remedy: error?.remedy ?? "See bifrost-ts logs." })
    this.faults = error?.faults ?? []
  }
}

interface Envelope {
  readonly error_message?: string
  readonly error?: { code: string; message: string; remedy: string; faults?: FaultLine[] }
}

const parse = (text: string): Envelope | undefined => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
const faultstring = (message: string | undefined) =>
  message && (parse(message) as { faultstring?: string })?.faultstring

/** Speaks to the service over its unix socket, in the newest version of the API. */
export class Client {
  readonly #socket: string

  constructor(socket = inState.apiSocket(pathsFrom(process.env))) {
    this.#socket = socket
  }

  get<T>(path: string): Promise<T> {
    return this.#json("GET", path)
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#json("POST", path, body)
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#json("PUT", path, body)
  }

  delete<T>(path: string): Promise<T> {
    return this.#json("DELETE", path)
  }

  /** An answer that is not JSON. */
  async text(path: string): Promise<string> {
    return readAll(await this.#send("GET", path))
  }

  /** An answer that is not JSON, as it comes. */
  async stream(path: string): Promise<AsyncIterable<string>> {
    return (await this.#send("GET", path)).setEncoding("utf8")
  }

  /** Events as they come; opened when it resolves, so that nothing that happens after is missed. Ends with the signal. */
  async events(path: string, signal: AbortSignal): Promise<AsyncGenerator<EventRecord>> {
    const answer = await this.#send("GET", path, undefined, { accept: "text/event-stream" }, signal)
    return framesOf(answer, signal)
  }

  async #json<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const text = await readAll(await this.#send(method, path, body))
    return (text === "" ? undefined : JSON.parse(text)) as T
  }

  #send(method: Method, path: string, body?: unknown, more = {}, signal?: AbortSignal): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      "x-openstack-ironic-api-version": "latest",
      ...(payload !== undefined && {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(payload),
      }),
      ...more,
    }
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath: this.#socket, method, path, headers, ...(signal && { signal }) }, (answer) => {
        const status = answer.statusCode ?? 500
        if (status < 400) return resolve(answer)
        readAll(answer).then((text) => reject(new ApiError(status, text)), reject)
      })
      sent.on("error", (cause: NodeJS.ErrnoException) => reject(this.#unreachable(cause)))
      sent.end(payload)
    })
  }

  #unreachable(cause: NodeJS.ErrnoException): Error {
    const kind = { ENOENT: "SERVICE_DOWN", ECONNREFUSED: "SERVICE_DOWN", EACCES: "SERVICE_CLOSED" } as const
    const found = kind[cause.code as keyof typeof kind]
    if (found) return new BifrostError(cliErrors[found], { detail: this.#socket, cause })
    return cause.name === "AbortError"
      ? cause
      : new BifrostError(cliErrors.SERVICE_LOST, { detail: cause.message, cause })
  }
}

async function readAll(answer: IncomingMessage): Promise<string> {
  let text = ""
  for await (const chunk of answer.setEncoding("utf8")) text += chunk
  return text
}

/** The `data:` of each frame of an event stream (WHATWG HTML §9.2.6), as our service writes them: one line each. */
async function* framesOf(answer: IncomingMessage, signal: AbortSignal): AsyncGenerator<EventRecord> {
  let rest = ""
  try {
    for await (const chunk of answer.setEncoding("utf8")) {
      const frames = (rest + chunk).split("\n\n")
      rest = frames.pop() ?? ""
      for (const frame of frames) {
        const data = frame.split("\n").find((line) => line.startsWith("data: "))
        if (data) yield JSON.parse(data.slice("data: ".length))
      }
    }
  } catch (cause) {
    if (signal.aborted) return
    throw new BifrostError(cliErrors.SERVICE_LOST, { cause })
  }
}

/** A path with its parts escaped. */
export function path(strings: TemplateStringsArray, ...values: string[]): string {
  return String.raw({ raw: strings }, ...values.map(encodeURIComponent))
}
