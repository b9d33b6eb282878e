import Type from "typebox"
import { Value } from "typebox/value"
import type { Scope } from "../../deploy/scope.ts"
import type { JsonObject } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { serviceErrors } from "../errors.ts"

const name = Type.String({ minLength: 1, maxLength: 200 })
const names = Type.Array(name, { minItems: 1 })

const requestShape = Type.Object(
  {
    dry_run: Type.Optional(Type.Boolean()),
    only: Type.Optional(names),
    hosts: Type.Optional(names),
    until: Type.Optional(name),
    with_dependencies: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

/** What a request for a deployment says. Throws RUN_INVALID when it says something else. */
export function deployRequest(request: JsonObject): { readonly dryRun: boolean; readonly scope: Scope } {
  const [fault] = Value.Errors(requestShape, request)
  if (fault || !Value.Check(requestShape, request)) {
    const detail = `${fault?.instancePath || "request"} ${fault?.message}`
    throw new BifrostError(serviceErrors.RUN_INVALID, { detail, remedy: "See: bifrost-ts deploy --help" })
  }
  const { only, hosts, until, with_dependencies: withDependencies = false } = request
  const scope = { ...(only && { only }), ...(hosts && { hosts }), ...(until !== undefined && { until }) }
  return { dryRun: request.dry_run ?? false, scope: { ...scope, withDependencies } }
}
