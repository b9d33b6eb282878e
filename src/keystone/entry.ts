import type { Operation } from "./operation.ts"
import type { Endpoint, Interface, Records, Service } from "./records.ts"

/** What a service has in Keystone's catalog. */
export interface CatalogDefinition {
  /** Service type of the service-types authority, e.g. `image`. */
  readonly type: string
  readonly name: string
  readonly description?: string
  /** URL by interface; `admin` only where a client still asks for it. */
  readonly endpoints: Readonly<Partial<Record<Interface, string>>>
}

/** Description of an endpoint that was made or taken over here. */
export const ownDescription = "managed by bifrost-ts"

const isOurs = ({ description }: Endpoint) => description === ownDescription

const removal = ({ id, interface: side, url }: Endpoint, type: string): Operation => ({
  kind: "endpoints",
  change: { action: "remove", target: `endpoint ${side} ${type} ${url}` },
  request: { method: "DELETE", path: `/v3/endpoints/${id}` },
})

const interfaces: readonly Interface[] = ["public", "internal", "admin"]

/** A service with its endpoints in one region. Services of other types or names, and other regions, are not looked at. */
export function entryOperations(seen: Records, definition: CatalogDefinition, region: string): Operation[] {
  const { type, name, endpoints } = definition
  const service = seen.services.find((each) => each.type === type && each.name === name)
  const there = service
    ? seen.endpoints.filter(({ service_id, region_id }) => service_id === service.id && region_id === region)
    : []
  return [
    ...serviceOperations(service, definition),
    ...interfaces.flatMap((side) =>
      endpointOperations(
        there.filter((each) => each.interface === side),
        { side, url: endpoints[side], region, type, service },
      ),
    ),
  ]
}

/** Endpoints of ours for services that the site no longer has: nobody should find them. The service and its user stay. */
export function leftoverOperations(seen: Records, wanted: readonly CatalogDefinition[], region: string): Operation[] {
  const gone = seen.services.filter(
    ({ type, name }) => !wanted.some((each) => each.type === type && each.name === name),
  )
  return gone.flatMap(({ id, type }) =>
    seen.endpoints
      .filter(({ service_id, region_id }) => service_id === id && region_id === region)
      .filter(isOurs)
      .map((endpoint) => removal(endpoint, type)),
  )
}

function serviceOperations(service: Service | undefined, definition: CatalogDefinition): Operation[] {
  const { type, name, description } = definition
  const target = `service ${type} ${name}`
  if (!service) {
    const request = { method: "POST", path: "/v3/services", body: { service: { type, name, description } } } as const
    return [{ kind: "services", change: { action: "create", target }, request }]
  }
  const reasons = [
    ...(service.enabled ? [] : ["it is disabled"]),
    ...(description === undefined || service.description === description ? [] : ["its description is another"]),
  ]
  if (reasons.length === 0) return []
  const change = { action: "update", target, reason: reasons.join(", ") } as const
  const body = { service: { description, enabled: true } }
  return [{ kind: "services", change, request: { method: "PATCH", path: `/v3/services/${service.id}`, body } }]
}

interface WantedEndpoint {
  readonly side: Interface
  /** Absent: there should be none. */
  readonly url: string | undefined
  readonly region: string
  /** The service's type. */
  readonly type: string
  /** Absent while it is still to be created. */
  readonly service: Service | undefined
}

/** `there`: what the service has for this interface and region. */
function endpointOperations(there: readonly Endpoint[], wanted: WantedEndpoint): Operation[] {
  const kept = wanted.url === undefined ? undefined : keptOf(there, wanted.url)
  const surplus = there.filter((each) => each !== kept && isOurs(each)).map((each) => removal(each, wanted.type))
  // First the one that stays: there is no moment without any.
  return [...(wanted.url === undefined ? [] : present(kept, wanted, wanted.url)), ...surplus]
}

function present(
  kept: Endpoint | undefined,
  { side, region, type, service }: WantedEndpoint,
  url: string,
): Operation[] {
  const target = `endpoint ${side} ${type}`
  if (!kept) {
    const body = {
      endpoint: { service_id: service?.id, interface: side, region_id: region, url, description: ownDescription },
    }
    const request = { method: "POST", path: "/v3/endpoints", body } as const
    const change = { action: "create", target: `${target} ${url}` } as const
    return [{ kind: "endpoints", change, ...(service && { request }) }]
  }
  const reasons = [
    ...(kept.url === url ? [] : [`${kept.url} → ${url}`]),
    ...(kept.enabled ? [] : ["it is disabled"]),
    ...(isOurs(kept) ? [] : ["taken over"]),
  ]
  if (reasons.length === 0) return []
  const change = { action: "update", target, reason: reasons.join(", ") } as const
  const body = { endpoint: { url, enabled: true, description: ownDescription } }
  return [{ kind: "endpoints", change, request: { method: "PATCH", path: `/v3/endpoints/${kept.id}`, body } }]
}

/**
 * The one that is to be ours. One of somebody else's is taken over only where none is ours: a service that was registered
 * before by another tool must not come to have two addresses.
 */
function keptOf(there: readonly Endpoint[], url: string): Endpoint | undefined {
  const ours = there.filter(isOurs)
  const candidates = ours.length > 0 ? ours : there
  return candidates.find((each) => each.url === url) ?? candidates[0]
}
