import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { keystoneErrors } from "./errors.ts"
import { domainId, serviceProject } from "./foundation.ts"
import type { Operation } from "./operation.ts"
import type { Assignment, Kind, Records } from "./records.ts"
import { KeystoneSession, type SessionOptions } from "./session.ts"

export interface CatalogOptions extends Omit<SessionOptions, "wait"> {
  readonly region: string
  /** Of the fingerprints that users carry; see `passwordMark`. */
  readonly markKey: Secret
  /**
   * Nothing before this was done either, so that a Keystone that does not answer, or does not know the administrator, is
   * one that is still to be made. Otherwise it is waited for, and then an error.
   */
  readonly dryRun: boolean
}

/** What Keystone has, or why it cannot be asked yet. */
export type Look = { readonly records: Records } | { readonly absent: string }

/** Path of each list; the one that `of` names is below the service project. */
const lists: Readonly<Record<Exclude<Kind, "assignments">, string>> = {
  regions: "/v3/regions",
  services: "/v3/services",
  endpoints: "/v3/endpoints",
  users: `/v3/users?domain_id=${domainId}`,
  roles: "/v3/roles",
  projects: `/v3/projects?name=${serviceProject}&domain_id=${domainId}`,
}
const kinds = Object.keys(lists) as (keyof typeof lists)[]

/** Keystone's records, asked for once by all steps of a run; what an operation changes is asked for again. */
export class Catalog {
  readonly session: KeystoneSession
  readonly region: string
  readonly markKey: Secret
  readonly #dryRun: boolean
  readonly #known = new Map<Kind, Promise<unknown>>()
  #absent: Promise<string | undefined> | undefined

  constructor(options: CatalogOptions) {
    this.session = new KeystoneSession({ ...options, wait: !options.dryRun })
    this.region = options.region
    this.markKey = options.markKey
    this.#dryRun = options.dryRun
  }

  async look(signal: AbortSignal): Promise<Look> {
    this.#absent ??= this.#whyAbsent(signal)
    const absent = await this.#absent
    if (absent !== undefined) return { absent }
    const found = await Promise.all(kinds.map((kind) => this.#list(kind, lists[kind], signal)))
    const records = Object.fromEntries(kinds.map((kind, index) => [kind, found[index]])) as unknown as Records
    const [project] = records.projects
    const path = `/v3/role_assignments?scope.project.id=${project?.id}`
    const assignments = project ? ((await this.#list("assignments", path, signal)) as Assignment[]) : []
    return { records: { ...records, assignments } }
  }

  async carryOut({ kind, request }: Operation, signal: AbortSignal): Promise<void> {
    if (!request) return
    try {
      await this.session.request(request.method, request.path, signal, request.body)
    } finally {
      this.#known.delete(kind)
    }
  }

  async #whyAbsent(signal: AbortSignal): Promise<string | undefined> {
    try {
      await this.session.login(signal)
      return undefined
    } catch (error) {
      signal.throwIfAborted()
      const reason = error instanceof BifrostError ? absences[error.code] : undefined
      if (this.#dryRun && reason) return reason
      this.#absent = undefined
      throw error
    }
  }

  #list(kind: Kind, path: string, signal: AbortSignal): Promise<unknown> {
    const known = this.#known.get(kind)
    if (known) return known
    const [field = ""] = [kind === "assignments" ? "role_assignments" : kind]
    const asked = this.session.request("GET", path, signal).then((body) => {
      const list = (body as Record<string, unknown> | undefined)?.[field]
      if (Array.isArray(list)) return list
      const detail = `GET ${this.session.url}${path}: an answer without ${field}`
      throw new BifrostError(keystoneErrors.KEYSTONE_REFUSED, { detail })
    })
    this.#known.set(kind, asked)
    // A failure is not kept: the next step asks again.
    asked.catch(() => this.#known.get(kind) === asked && this.#known.delete(kind))
    return asked
  }
}

/** Of a login in a dry run: Keystone, its database or its administrator is still to be made. */
const absences: Readonly<Record<string, string>> = {
  KEYSTONE_UNREACHABLE: "Keystone does not answer yet",
  KEYSTONE_LOGIN_REFUSED: "Keystone does not let the administrator in yet",
  KEYSTONE_REFUSED: "Keystone gives no token yet",
}
