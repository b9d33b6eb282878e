import http from "node:http"
import https from "node:https"
import type { Clock } from "../../util/clock.ts"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { agentErrors } from "../errors.ts"

/** No byte for so long means that the connection is dead. */
const STALL_MS = 20_000
/** For so long is a broken transfer tried again: the service's container, or a web server, may be starting again. */
export const PATIENCE_MS = 120_000
const LONGEST_PAUSE_MS = 4000
/** As many as curl and browsers need for mirrors; a loop ends there. */
const REDIRECTS = 5

export interface SourceOptions {
  readonly clock: Clock
  readonly signal?: AbortSignal
  readonly onRetry?: (reason: string) => void
  readonly stallMs?: number
  /** From the first failure after the last byte. */
  readonly patienceMs?: number
}

interface Response {
  readonly body: http.IncomingMessage
  /** Of the whole file, when the server tells. */
  readonly size: number | undefined
  readonly validator: string | undefined
}

/** One image file over HTTP: its size, ranges of it, and all of it as a stream that survives broken connections. */
export class ImageSource {
  readonly url: string
  #size: number | undefined
  /** ETag or Last-Modified: a file that changes while it is read must not be put together from two versions. */
  #validator: string | undefined
  readonly #options: SourceOptions

  constructor(url: string, options: SourceOptions) {
    this.url = url
    this.#options = options
  }

  /** Bytes of the file; undefined until the first answer, or when the server does not tell. */
  get size(): number | undefined {
    return this.#size
  }

  /** Bytes [start, end). Shorter at the file's end. */
  async range(start: number, end: number): Promise<Buffer> {
    const parts: Buffer[] = []
    let missing = end - start
    for await (const chunk of this.#bytes(start, end)) {
      parts.push(chunk.subarray(0, missing))
      missing -= chunk.length
      if (missing <= 0) break
    }
    return Buffer.concat(parts)
  }

  /** All bytes from `start` on, in order, each once. */
  stream(start = 0): AsyncGenerator<Buffer> {
    return this.#bytes(start, undefined)
  }

  async *#bytes(start: number, end: number | undefined): AsyncGenerator<Buffer> {
    const { clock, signal, onRetry, patienceMs = PATIENCE_MS } = this.#options
    let at = start
    let failures = 0
    let brokenSince = 0
    for (;;) {
      try {
        const { body } = await this.#open(at, end)
        try {
          for await (const chunk of pieces(body)) {
            at += chunk.length
            failures = 0
            yield chunk
          }
        } finally {
          body.destroy()
        }
        if (this.#size === undefined || at >= Math.min(end ?? this.#size, this.#size)) return
        throw new Error(`the connection ended after ${at} of ${this.#size} bytes`)
      } catch (cause) {
        if (cause instanceof BifrostError || signal?.aborted) throw cause
        if (failures === 0) brokenSince = clock.now()
        failures += 1
        const broken = clock.now() - brokenSince
        if (broken >= patienceMs) {
          const detail = `${this.url}: ${messageOf(cause)} (byte ${at}, ${failures} attempts in ${Math.round(broken / 1000)} s)`
          throw new BifrostError(agentErrors.IMAGE_UNAVAILABLE, { detail, cause })
        }
        onRetry?.(`${messageOf(cause)}; goes on at byte ${at}`)
        const pause = Math.min(LONGEST_PAUSE_MS, 125 * 2 ** failures) * (0.75 + Math.random() / 2)
        await clock.sleep(Math.min(pause, patienceMs - broken), signal)
      }
    }
  }

  async #open(start: number, end: number | undefined): Promise<Response> {
    const ranged = start > 0 || end !== undefined
    const response = await request(this.url, this.#options, {
      ...(ranged && { Range: `bytes=${start}-${end === undefined ? "" : end - 1}` }),
      ...(start > 0 && this.#validator && { "If-Range": this.#validator }),
    })
    const status = response.body.statusCode ?? 0
    const refuse = (detail: string, expected: string) => {
      response.body.destroy()
      return new BifrostError(agentErrors.IMAGE_UNAVAILABLE, { detail: `${this.url}: ${detail}`, expected })
    }
    if (status >= 500) {
      response.body.destroy()
      throw new Error(`the server answered ${status}`)
    }
    if (status === 416 && start > 0 && start === this.#size) return response
    if (status !== 200 && status !== 206) throw refuse(`HTTP ${status}`, "200 or 206")
    if (status === 200 && start > 0) throw refuse("the file changed, or the server has no ranges", "206 for a range")
    if (this.#size !== undefined && response.size !== undefined && response.size !== this.#size) {
      throw refuse(`the file's size changed to ${response.size}`, `${this.#size} bytes`)
    }
    this.#size ??= response.size
    this.#validator ??= response.validator
    return response
  }
}

/** What is handed on at once: a thousand small pieces cost more time than their bytes on a slow processor. */
const PIECE = 1024 * 1024
/** Pieces that may wait before the connection is paused. */
const WAITING = 4

/** A body in pieces of PIECE bytes; the last one, and the one before a failure, may be shorter. */
async function* pieces(body: http.IncomingMessage): AsyncGenerator<Buffer> {
  const waiting: Buffer[] = []
  let piece = Buffer.allocUnsafe(PIECE)
  let filled = 0
  let ended = false
  let failure: Error | undefined
  let wake = () => {}
  const endPiece = () => {
    if (filled > 0) waiting.push(piece.subarray(0, filled))
    piece = Buffer.allocUnsafe(PIECE)
    filled = 0
    wake()
  }
  const end = (error?: Error) => {
    failure ??= error
    ended = true
    endPiece()
  }
  body.on("data", (chunk: Buffer) => {
    for (let rest = chunk; rest.length > 0; ) {
      const copied = rest.copy(piece, filled)
      filled += copied
      rest = rest.subarray(copied)
      if (filled === PIECE) endPiece()
    }
    if (waiting.length >= WAITING) body.pause()
  })
  body.on("end", () => end())
  body.on("error", end)
  body.on("close", () => end())
  for (;;) {
    const next = waiting.shift()
    if (next) {
      if (waiting.length < WAITING) body.resume()
      yield next
    } else if (ended) {
      if (failure) throw failure
      return
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
}

/** A text of at most `limit` bytes: a checksums file, a config drive. */
export async function fetchText(url: string, options: SourceOptions, limit: number): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const chunk of new ImageSource(url, options).stream()) {
    parts.push(chunk)
    length += chunk.length
    if (length > limit) {
      throw new BifrostError(agentErrors.IMAGE_UNAVAILABLE, { detail: url, expected: `at most ${limit} bytes` })
    }
  }
  return Buffer.concat(parts).toString("utf8")
}

/** The answer to a GET, after redirects: a mirror director sends each request to where the file is just now. */
function request(
  url: string,
  options: SourceOptions,
  headers: Record<string, string>,
  redirects = REDIRECTS,
): Promise<Response> {
  const parsed = URL.parse(url)
  const client = parsed?.protocol === "https:" ? https : parsed?.protocol === "http:" ? http : undefined
  if (!client) {
    const expected = "an http:// or https:// URL"
    return Promise.reject(new BifrostError(agentErrors.IMAGE_UNAVAILABLE, { detail: url, expected }))
  }
  return new Promise((resolve, reject) => {
    const outgoing = client.get(url, { headers, signal: options.signal, agent: false }, (body) => {
      const { location } = body.headers
      if (location !== undefined && [301, 302, 303, 307, 308].includes(body.statusCode ?? 0) && redirects > 0) {
        body.destroy()
        return resolve(request(URL.parse(location, url)?.href ?? location, options, headers, redirects - 1))
      }
      resolve({ body, size: sizeOf(body), validator: validatorOf(body) })
    })
    const stall = options.stallMs ?? STALL_MS
    outgoing.setTimeout(stall, () => outgoing.destroy(new Error(`no byte for ${stall / 1000} s`)))
    outgoing.on("error", reject)
  })
}

function sizeOf(body: http.IncomingMessage): number | undefined {
  const ranged = /\/(\d+)$/.exec(body.headers["content-range"] ?? "")?.[1]
  const size = ranged ?? (body.statusCode === 200 ? body.headers["content-length"] : undefined)
  return size === undefined ? undefined : Number(size)
}

/** RFC 9110 §13.1.5: If-Range needs a strong validator. */
function validatorOf(body: http.IncomingMessage): string | undefined {
  const etag = body.headers.etag
  return etag && !etag.startsWith("W/") ? etag : body.headers["last-modified"]
}
