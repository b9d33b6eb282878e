import type { Step } from "../graph/step.ts"
import type { Catalog } from "./catalog.ts"
import { domainOperations, type ServiceDomain } from "./domain.ts"
import { type CatalogDefinition, entryOperations, leftoverOperations } from "./entry.ts"
import { foundationOperations } from "./foundation.ts"
import type { Operation } from "./operation.ts"
import type { Records } from "./records.ts"
import { defaultRoles, passwordMark, type ServiceUser, userNamed, userOperations } from "./user.ts"

interface StepOptions {
  readonly id: string
  readonly after: readonly string[]
  readonly catalog: Catalog
}

export interface FoundationStepOptions extends StepOptions {
  readonly users: readonly ServiceUser[]
  /** Roles that services give to users of theirs. */
  readonly roles: readonly string[]
}

/** What all services' steps come after: region, project `service`, and roles. */
export function foundationStep(options: FoundationStepOptions): Step<Operation[]> {
  const { catalog, users } = options
  const roles = [...new Set([...users.flatMap(({ roles: own = defaultRoles }) => own), ...options.roles])]
  return convergence(options, async (seen) => foundationOperations(seen, { region: catalog.region, roles }))
}

export interface CatalogStepOptions extends StepOptions {
  readonly entries: readonly CatalogDefinition[]
  readonly user?: ServiceUser
  readonly domain?: ServiceDomain
}

/** A service's entries in the catalog, its user, and its domain. */
export function catalogStep(options: CatalogStepOptions): Step<Operation[]> {
  const { catalog, entries, user, domain } = options
  return convergence(options, async (seen, signal) => [
    ...entries.flatMap((entry) => entryOperations(seen, entry, catalog.region)),
    ...(user ? await ofUser(catalog, seen, user, signal) : []),
    ...(domain ? domainOperations(seen, domain, passwordMark(domain.admin, catalog.markKey)) : []),
  ])
}

/** What services that the site no longer has left in the catalog. `entries`: those of all that it has. */
export function catalogLeftoversStep(
  options: StepOptions & { readonly entries: readonly CatalogDefinition[] },
): Step<Operation[]> {
  const { catalog, entries } = options
  return convergence(options, async (seen) => leftoverOperations(seen, entries, catalog.region))
}

async function ofUser(catalog: Catalog, seen: Records, user: ServiceUser, signal: AbortSignal): Promise<Operation[]> {
  const mark = passwordMark(user, catalog.markKey)
  const known = userNamed(seen, user.name)
  const doubtful = known?.enabled && known.bifrost_ts_password !== mark
  const accepted = doubtful ? await catalog.session.accepts(user, signal) : false
  return userOperations(seen, { user, mark, accepted })
}

/** What a Keystone has that has just been made (`keystone-manage bootstrap`), as far as it matters here. */
const bootstrapped: Records = {
  regions: [],
  services: [],
  endpoints: [],
  users: [],
  roles: ["admin", "manager", "member", "reader", "service"].map((name) => ({ id: name, name })),
  projects: [],
  assignments: [],
  domains: [],
  domainAdmins: [],
  domainAssignments: [],
}

/** The longest chain of things that refer to each other. */
const mostRounds = 3

/** A step that ends what differs: first what refers to nothing new, then what refers to that. */
function convergence(
  { id, after, catalog }: StepOptions,
  differences: (seen: Records, signal: AbortSignal) => Promise<Operation[]>,
): Step<Operation[]> {
  let last: readonly Operation[] = []
  const inspect = async (signal: AbortSignal): Promise<Operation[]> => {
    const look = await catalog.look(signal)
    if ("records" in look) return differences(look.records, signal)
    const all = await differences(bootstrapped, signal)
    return all.map(({ kind, change }) => ({ kind, change: { ...change, reason: look.absent } }))
  }
  return {
    id,
    after,
    async inspect(signal) {
      last = await inspect(signal)
      return [...last]
    },
    plan: (operations) => operations.map(({ change }) => change),
    async apply(_changes, signal) {
      let rest: readonly Operation[] = last
      // Each round makes what the next refers to: a domain, its administrator, the administrator's role.
      for (let round = 0; round < mostRounds && rest.length > 0; round++) {
        for (const operation of rest) await catalog.carryOut(operation, signal)
        rest = rest.some(({ request }) => !request) ? await inspect(signal) : []
      }
    },
  }
}
