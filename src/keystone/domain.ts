import type { Operation } from "./operation.ts"
import type { Records } from "./records.ts"
import { accountOperations, type ServiceUser } from "./user.ts"

/** A domain that a service has for the users that it makes itself, and who administers it on the service's behalf. */
export interface ServiceDomain {
  readonly name: string
  readonly description: string
  readonly admin: Pick<ServiceUser, "name" | "password">
}

/** The role by which a domain's administrator may make users and projects in it. */
const adminRole = "admin"

/** `mark` is of the administrator's password. What refers to a domain that is still to be made has no request yet. */
export function domainOperations(
  seen: Records,
  { name, description, admin }: ServiceDomain,
  mark: string,
): Operation[] {
  const domain = seen.domains.find((each) => each.name === name)
  const user = seen.domainAdmins.find((each) => each.domain_id === domain?.id && each.name === admin.name)
  const role = seen.roles.find((each) => each.name === adminRole)
  const account = accountOperations(
    user,
    { user: admin, mark, accepted: false },
    { kind: "domainAdmins", domain: domain?.id ?? "" },
  )
  const assigned = seen.domainAssignments.some(
    (each) => each.scope.domain?.id === domain?.id && each.user?.id === user?.id && each.role.id === role?.id,
  )
  return [
    ...(domain ? [] : [creation(name, description)]),
    ...(domain ? account : account.map(({ kind, change }) => ({ kind, change }))),
    ...(user && assigned ? [] : [assignment()]),
  ]

  function assignment(): Operation {
    const change = { action: "create", target: `role ${adminRole} of user ${admin.name} in domain ${name}` } as const
    if (!domain || !user || !role) return { kind: "domainAssignments", change }
    const path = `/v3/domains/${domain.id}/users/${user.id}/roles/${role.id}`
    return { kind: "domainAssignments", change, request: { method: "PUT", path } }
  }
}

function creation(name: string, description: string): Operation {
  const request = { method: "POST", path: "/v3/domains", body: { domain: { name, description } } } as const
  return { kind: "domains", change: { action: "create", target: `domain ${name}` }, request }
}
