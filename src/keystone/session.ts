import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { Secret } from "../util/secret.ts"
import { keystoneErrors } from "./errors.ts"
import { type Answer, type Call, exchange, type Method } from "./exchange.ts"

export interface SessionOptions {
  /** Keystone's URL without a version, e.g. http://192.0.2.11:5000 */
  readonly url: string
  /** Of the user `admin` of the domain `Default`, in the project `admin`: as `keystone-manage bootstrap` makes them. */
  readonly password: Secret
  readonly clock: Clock
  /** How requests travel; for a proxy, a tunnel or another authority's TLS. */
  readonly fetch?: typeof fetch
  /** How long a Keystone that does not answer is asked again, in ms. Default 60 s. */
  readonly patienceMs?: number
  /** Whether a Keystone that does not answer is waited for at all. Default true. */
  readonly wait?: boolean
}

export interface Credentials {
  readonly name: string
  readonly password: Secret
}

const domain = { name: "Default" }
const unauthorised = 401

/** The administrator at Keystone's API v3: one token for all that is asked, another when it is no longer taken. */
export class KeystoneSession {
  readonly url: string
  readonly #options: SessionOptions
  #token: Promise<Secret> | undefined

  constructor(options: SessionOptions) {
    this.url = options.url
    this.#options = options
  }

  /** The answer's JSON. Rejects with KEYSTONE_REFUSED unless it is a success. */
  async request(method: Method, path: string, signal: AbortSignal, body?: unknown): Promise<unknown> {
    const call = { method, path, body, repeatable: method !== "POST" }
    const login = this.#login(signal)
    let answer = await this.#exchange({ ...call, token: await login }, signal)
    if (answer.status === unauthorised) {
      // Of requests that were refused together, the first makes the others' new token.
      if (this.#token === login) this.#token = undefined
      answer = await this.#exchange({ ...call, token: await this.#login(signal) }, signal)
    }
    if (answer.status >= 200 && answer.status < 300) return answer.body
    throw refused(`${method} ${this.url}${path}`, answer)
  }

  /** Whether Keystone lets a user of the domain `Default` in. It costs Keystone a bcrypt hash: some 0.3 s of a CPU. */
  async accepts(user: Credentials, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#authenticate(user, undefined, signal)
    if (answer.status === 201) return true
    if (answer.status === unauthorised) return false
    throw refused(`login of ${user.name} at ${this.url}`, answer)
  }

  /** Logs the administrator in, unless that has been done. Rejects with KEYSTONE_LOGIN_REFUSED. */
  async login(signal: AbortSignal): Promise<void> {
    await this.#login(signal)
  }

  #login(signal: AbortSignal): Promise<Secret> {
    if (this.#token) return this.#token
    const token = this.#issue(signal)
    this.#token = token
    token.catch(() => {
      if (this.#token === token) this.#token = undefined
    })
    return token
  }

  async #issue(signal: AbortSignal): Promise<Secret> {
    const user = { name: "admin", password: this.#options.password }
    const answer = await this.#authenticate(user, { project: { name: "admin", domain } }, signal)
    const token = answer.headers.get("x-subject-token")
    if (answer.status === 201 && token) return new Secret(token)
    if (answer.status !== unauthorised) throw refused(`login of admin at ${this.url}`, answer)
    throw new BifrostError(keystoneErrors.KEYSTONE_LOGIN_REFUSED, { detail: `${this.url}: ${answer.message}` })
  }

  /** Identity API v3, "Password authentication". */
  #authenticate(user: Credentials, scope: unknown, signal: AbortSignal): Promise<Answer> {
    const identity = { methods: ["password"], password: { user: { ...user, domain } } }
    const body = { auth: { identity, scope } }
    // A token more does no harm.
    return this.#exchange({ method: "POST", path: "/v3/auth/tokens", body, repeatable: true }, signal)
  }

  #exchange(call: Omit<Call, "wait">, signal: AbortSignal): Promise<Answer> {
    const { wait = true, patienceMs = 60_000 } = this.#options
    return exchange({ ...call, wait }, { ...this.#options, patienceMs }, signal)
  }
}

function refused(asked: string, { status, message }: Answer): BifrostError {
  return new BifrostError(keystoneErrors.KEYSTONE_REFUSED, { detail: `${asked}: HTTP ${status} ${message}`.trim() })
}
