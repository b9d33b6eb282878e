import { createHmac } from "node:crypto"
import type { Secret } from "../util/secret.ts"
import { domainId, serviceProject } from "./foundation.ts"
import type { Operation } from "./operation.ts"
import type { Records, User } from "./records.ts"

/** Who a service is when it asks others. */
export interface ServiceUser {
  readonly name: string
  readonly password: Secret
  /** In the project `service`. Default: those that kolla-ansible gives. */
  readonly roles?: readonly string[]
}

/** `admin` for what a service does in others' name, `service` for what policies allow to services only. */
export const defaultRoles: readonly string[] = ["admin", "service"]

/**
 * What a user carries in place of a proof by login, which costs Keystone a bcrypt hash for every user and plan. Keyed, so
 * that it tells those who may read users nothing about a weak password.
 */
export function passwordMark({ name, password }: ServiceUser, key: Secret): string {
  return createHmac("sha256", key.reveal()).update(`${name}\0${password.reveal()}`).digest("hex")
}

export const userNamed = (seen: Records, name: string): User | undefined =>
  seen.users.find((each) => each.name === name)

export interface WantedUser {
  readonly user: ServiceUser
  /** Of the password that it should have. */
  readonly mark: string
  /** Whether Keystone lets it in by that password; asked only where the mark does not say so. */
  readonly accepted: boolean
}

export function userOperations(seen: Records, { user, mark, accepted }: WantedUser): Operation[] {
  const { name, roles = defaultRoles } = user
  const known = userNamed(seen, name)
  const own = accountOperations(known, { user, mark, accepted }, { kind: "users", domain: domainId })
  const project = seen.projects.find((each) => each.name === serviceProject)
  const missing = roles.filter((wanted) => {
    const role = seen.roles.find((each) => each.name === wanted)
    return !role || !seen.assignments.some((each) => each.user?.id === known?.id && each.role.id === role.id)
  })
  return [
    ...own,
    ...missing.map((wanted): Operation => {
      const role = seen.roles.find((each) => each.name === wanted)
      const change = {
        action: "create",
        target: `role ${wanted} of user ${name} in project ${serviceProject}`,
      } as const
      if (!known || !project || !role) return { kind: "assignments", change }
      const path = `/v3/projects/${project.id}/users/${known.id}/roles/${role.id}`
      return { kind: "assignments", change, request: { method: "PUT", path } }
    }),
  ]
}

/** Where an account lives: among which records, and in which domain (its id). */
interface Home {
  readonly kind: "users" | "domainAdmins"
  readonly domain: string
}

/** The account itself: there, enabled, with its password. */
export function accountOperations(known: User | undefined, wanted: WantedUser, { kind, domain }: Home): Operation[] {
  const { user, mark, accepted } = wanted
  const { name, password } = user
  if (!known) {
    const body = { user: { name, domain_id: domain, password, bifrost_ts_password: mark } }
    const request = { method: "POST", path: "/v3/users", body } as const
    return [{ kind, change: { action: "create", target: `user ${name}` }, request }]
  }
  const patch = (target: string, reason: string, fields: object): Operation => ({
    kind,
    change: { action: "update", target, reason },
    request: { method: "PATCH", path: `/v3/users/${known.id}`, body: { user: fields } },
  })
  const bears = known.bifrost_ts_password === mark
  return [
    ...(known.enabled ? [] : [patch(`user ${name}`, "it is disabled", { enabled: true })]),
    ...(bears
      ? []
      : accepted
        ? [patch(`user ${name}`, "taken over, it has this password", { bifrost_ts_password: mark })]
        : [patch(`password of user ${name}`, "it is another", { password, bifrost_ts_password: mark })]),
  ]
}
