import type { Clock } from "../util/clock.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { Secret } from "../util/secret.ts"
import { keystoneErrors } from "./errors.ts"

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE"

export interface ExchangeOptions {
  /** Keystone's URL without a version, e.g. http://192.0.2.11:5000 */
  readonly url: string
  readonly clock: Clock
  /** How requests travel; for a proxy, a tunnel or another authority's TLS. */
  readonly fetch?: typeof fetch
  /** How long a Keystone that does not answer is asked again, in ms. */
  readonly patienceMs: number
}

export interface Call {
  readonly method: Method
  /** Below the URL, e.g. `/v3/services`. */
  readonly path: string
  /** JSON; a `Secret` in it travels as its value and is nowhere else shown. */
  readonly body?: unknown
  readonly token?: Secret
  /** Carried out twice it does the same as once: it may be repeated although nobody knows whether it was carried out. */
  readonly repeatable: boolean
  /** Whether a Keystone that is not there is waited for. */
  readonly wait: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** undefined when there is none, or when it is not JSON. */
  readonly body: unknown
  /** What it says when it is a refusal, secrets masked. */
  readonly message: string
}

/** bcrypt on an emulated host takes seconds; longer than this nobody is at work. */
const answerWithin = 60_000
const [firstPause, longestPause] = [250, 4_000]
/** A proxy's words for "nobody behind me", before anything was passed on (503) or after (502, 504). */
const notPassedOn = 503
const perhapsPassedOn = [502, 504]

/**
 * One question and its answer, whatever that is. Asks again while nobody answers, ever more slowly, for as long as
 * patience lasts. Rejects with KEYSTONE_UNREACHABLE or, for what must not be repeated, KEYSTONE_INTERRUPTED.
 */
export async function exchange(call: Call, options: ExchangeOptions, signal: AbortSignal): Promise<Answer> {
  const { clock } = options
  const deadline = clock.now() + options.patienceMs
  for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    const outcome = await attempt(call, options, signal)
    if ("status" in outcome) return outcome
    const asked = `${call.method} ${options.url}${call.path}: ${outcome.reason}`
    if (!call.repeatable && outcome.perhapsDone) {
      throw new BifrostError(keystoneErrors.KEYSTONE_INTERRUPTED, { detail: asked, cause: outcome.cause })
    }
    if (!call.wait || clock.now() + pause > deadline) {
      const after = call.wait ? `, for ${options.patienceMs / 1000} s` : ""
      throw new BifrostError(keystoneErrors.KEYSTONE_UNREACHABLE, { detail: `${asked}${after}`, cause: outcome.cause })
    }
    await clock.sleep(pause, signal)
  }
}

interface NoAnswer {
  readonly reason: string
  readonly perhapsDone: boolean
  readonly cause?: unknown
}

async function attempt(call: Call, options: ExchangeOptions, signal: AbortSignal): Promise<Answer | NoAnswer> {
  const { text, secrets } = encode(call.body)
  const masked = (said: string) => mask(said, call.token ? [...secrets, call.token] : secrets)
  try {
    const response = await (options.fetch ?? fetch)(`${options.url}${call.path}`, {
      method: call.method,
      redirect: "error",
      headers: {
        accept: "application/json",
        ...(text !== undefined && { "content-type": "application/json" }),
        ...(call.token && { "x-auth-token": call.token.reveal() }),
      },
      ...(text !== undefined && { body: text }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithin)]),
    })
    const { status, headers } = response
    const raw = await response.text()
    if (status === notPassedOn) return { reason: `HTTP ${status}`, perhapsDone: false }
    if (perhapsPassedOn.includes(status)) return { reason: `HTTP ${status}`, perhapsDone: true }
    const body = parse(raw)
    return { status, headers, body, message: masked(messageIn(body) ?? raw.trim().slice(0, 200)) }
  } catch (cause) {
    signal.throwIfAborted()
    // fetch's own message is "fetch failed"; the reason is one level down.
    const reason = cause instanceof Error && cause.cause ? cause.cause : cause
    return { reason: masked(messageOf(reason)), perhapsDone: !neverSent.has(codeOf(reason)), cause }
  }
}

/** Failures of connecting: the request did not leave. */
const neverSent = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
])

const codeOf = (error: unknown) =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""

function encode(body: unknown): { text: string | undefined; secrets: readonly Secret[] } {
  const secrets: Secret[] = []
  const text = JSON.stringify(body, function (this: Record<string, unknown>, key, value) {
    // `value` has been through toJSON, which masks.
    const given = this[key]
    if (!(given instanceof Secret)) return value
    secrets.push(given)
    return given.reveal()
  })
  return { text, secrets }
}

/** Keystone's validation repeats values that it does not like. */
const mask = (said: string, secrets: readonly Secret[]) =>
  secrets.reduce((clean, secret) => clean.replaceAll(secret.reveal(), String(secret)), said)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Identity API v3, "Errors": {"error": {"code", "title", "message"}}. */
function messageIn(body: unknown): string | undefined {
  const { error } = (typeof body === "object" && body !== null ? body : {}) as { error?: { message?: unknown } }
  return typeof error?.message === "string" ? error.message : undefined
}
