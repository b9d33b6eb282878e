import type { Step } from "../graph/step.ts"
import type { Catalog } from "./catalog.ts"
import { type CatalogDefinition, entryOperations } from "./entry.ts"
import { foundationOperations } from "./foundation.ts"
import type { Operation } from "./operation.ts"
import type { Records } from "./records.ts"
import { defaultRoles, passwordMark, type ServiceUser, userNamed, userOperations } from "./user.ts"

interface StepOptions {
  readonly id: string
  readonly after: readonly string[]
  readonly catalog: Catalog
}

/** What all services' steps come after: region, project `service`, and the roles of their users. */
export function foundationStep(options: StepOptions & { readonly users: readonly ServiceUser[] }): Step<Operation[]> {
  const { catalog, users } = options
  const roles = [...new Set(users.flatMap(({ roles: own = defaultRoles }) => own))]
  return convergence(options, async (seen) => foundationOperations(seen, { region: catalog.region, roles }))
}

/** A service's entries in the catalog, and its user. */
export function catalogStep(
  options: StepOptions & { readonly entries: readonly CatalogDefinition[]; readonly user?: ServiceUser },
): Step<Operation[]> {
  const { catalog, entries, user } = options
  return convergence(options, async (seen, signal) => [
    ...entries.flatMap((entry) => entryOperations(seen, entry, catalog.region)),
    ...(user ? await ofUser(catalog, seen, user, signal) : []),
  ])
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
}

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
      for (const operation of last) await catalog.carryOut(operation, signal)
      // Endpoints and roles name the service and the user, which may only be there now.
      const rest = last.some(({ request }) => !request) ? await inspect(signal) : []
      for (const operation of rest) await catalog.carryOut(operation, signal)
    },
  }
}
