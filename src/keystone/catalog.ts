import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { keystoneErrors } from "./errors.ts"
import { domainId, serviceProject } from "./foundation.ts"
import type { Operation } from "./operation.ts"
import type { Assignment, Kind, Named, Records } from "./records.ts"
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
  /** Names of the domains that services have for themselves. */
  readonly domains?: readonly string[]
}

/** What Keystone has, or why it cannot be asked yet. */
export type Look = { readonly records: Records } | { readonly absent: string }

/** Path of each list but those that name a project or a domain. */
const lists: Readonly<Record<Exclude<Kind, "assignments" | (typeof ofDomains)[number]>, string>> = {
  domains: "/v3/domains",
  regions: "/v3/regions",
  services: "/v3/services",
  endpoints: "/v3/endpoints",
  users: `/v3/users?domain_id=${domainId}`,
  roles: "/v3/roles",
  projects: `/v3/projects?name=${serviceProject}&domain_id=${domainId}`,
}
const kinds = Object.keys(lists) as (keyof typeof lists)[]

/** What a domain has is listed domain by domain. */
const ofDomains = ["domainAdmins", "domainAssignments"] as const

interface Identified {
  readonly id: string
}

/** Keystone's records, asked for once by all steps of a run and kept up with what they change. */
export class Catalog {
  readonly session: KeystoneSession
  readonly region: string
  readonly markKey: Secret
  readonly #dryRun: boolean
  readonly #domains: readonly string[]
  readonly #known = new Map<Kind, Promise<readonly Identified[]>>()
  #absent: Promise<string | undefined> | undefined

  constructor(options: CatalogOptions) {
    this.session = new KeystoneSession({ ...options, wait: !options.dryRun })
    this.region = options.region
    this.markKey = options.markKey
    this.#dryRun = options.dryRun
    this.#domains = options.domains ?? []
  }

  async look(signal: AbortSignal): Promise<Look> {
    this.#absent ??= this.#whyAbsent(signal)
    const absent = await this.#absent
    if (absent !== undefined) return { absent }
    const found = await Promise.all(kinds.map((kind) => this.#list(kind, lists[kind], signal)))
    const records = Object.fromEntries(kinds.map((kind, index) => [kind, found[index]])) as unknown as Records
    const [project] = records.projects
    const path = `/v3/role_assignments?scope.project.id=${project?.id}`
    const assignments = project ? ((await this.#list("assignments", path, signal)) as unknown as Assignment[]) : []
    const own = records.domains.filter(({ name }) => this.#domains.includes(name))
    const domainAdmins = await this.#ofDomains("domainAdmins", own, (id) => `/v3/users?domain_id=${id}`, signal)
    const assigned = (id: string) => `/v3/role_assignments?scope.domain.id=${id}`
    const domainAssignments = await this.#ofDomains("domainAssignments", own, assigned, signal)
    return { records: { ...records, assignments, domainAdmins, domainAssignments } as unknown as Records }
  }

  async carryOut({ kind, request }: Operation, signal: AbortSignal): Promise<void> {
    if (!request) return
    let answer: unknown
    try {
      answer = await this.session.request(request.method, request.path, signal, request.body)
    } finally {
      if (kind === "domains") for (const below of ofDomains) this.#known.delete(below)
      this.#takeIn(kind, answer)
    }
  }

  /** Keystone answers a write by the record as it is now: that is as good as asking again. No record, or a failure: ask. */
  #takeIn(kind: Kind, answer: unknown): void {
    const known = this.#known.get(kind)
    const [record] = Object.values((answer ?? {}) as Record<string, Identified>)
    if (!known || !record) return void this.#known.delete(kind)
    const current = known.then((list) => [...list.filter(({ id }) => id !== record.id), record])
    this.#keep(kind, current)
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

  #list(kind: Kind, path: string, signal: AbortSignal): Promise<readonly Identified[]> {
    return this.#known.get(kind) ?? this.#keep(kind, this.#get(kind, path, signal))
  }

  #ofDomains(kind: Kind, domains: readonly Named[], path: (id: string) => string, signal: AbortSignal) {
    const known = this.#known.get(kind)
    if (known) return known
    const asked = Promise.all(domains.map(({ id }) => this.#get(kind, path(id), signal)))
    const all = asked.then((found) => found.flat())
    return this.#keep(kind, all)
  }

  async #get(kind: Kind, path: string, signal: AbortSignal): Promise<readonly Identified[]> {
    const body = await this.session.request("GET", path, signal)
    const field = fields[kind] ?? kind
    const list = (body as Record<string, unknown> | undefined)?.[field]
    if (Array.isArray(list)) return list
    const detail = `GET ${this.session.url}${path}: an answer without ${field}`
    throw new BifrostError(keystoneErrors.KEYSTONE_REFUSED, { detail })
  }

  /** A failure is not kept: the next step asks again. */
  #keep(kind: Kind, list: Promise<readonly Identified[]>): Promise<readonly Identified[]> {
    this.#known.set(kind, list)
    list.catch(() => this.#known.get(kind) === list && this.#known.delete(kind))
    return list
  }
}

/** What an answer calls a list, where that is not its kind. */
const fields: Readonly<Partial<Record<Kind, string>>> = {
  assignments: "role_assignments",
  domainAdmins: "users",
  domainAssignments: "role_assignments",
}

/** Of a login in a dry run: Keystone, its database or its administrator is still to be made. */
const absences: Readonly<Record<string, string>> = {
  KEYSTONE_UNREACHABLE: "Keystone does not answer yet",
  KEYSTONE_LOGIN_REFUSED: "Keystone does not let the administrator in yet",
  KEYSTONE_REFUSED: "Keystone gives no token yet",
}
