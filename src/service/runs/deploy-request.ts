import Type, { type TProperties } from "typebox"
import { Value } from "typebox/value"
import type { Scope } from "../../deploy/scope.ts"
import type { Verb } from "../../deploy/verbs.ts"
import type { JsonObject } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { serviceErrors } from "../errors.ts"

const name = Type.String({ minLength: 1, maxLength: 200 })
const names = Type.Optional(Type.Array(name, { minItems: 1 }))
const flag = Type.Optional(Type.Boolean())

const parts = { only: names, hosts: names }
const shapes: Record<Verb, TProperties> = {
  deploy: { ...parts, until: Type.Optional(name), with_dependencies: flag },
  pull: parts,
  "post-deploy": {},
  "bootstrap-servers": { hosts: names },
  start: parts,
  stop: parts,
  destroy: { ...parts, include_data: flag, confirm: Type.Optional(name) },
}

export interface DeployRunRequest {
  readonly dryRun: boolean
  readonly scope: Scope
  readonly includeData: boolean
  /** The region, as whoever asks for a destruction has typed it. */
  readonly confirm: string | undefined
}

/** What a request to act on the site says. Throws RUN_INVALID when it says something that the verb does not take. */
export function deployRequest(verb: Verb, request: JsonObject): DeployRunRequest {
  const shape = Type.Object({ dry_run: flag, ...shapes[verb] }, { additionalProperties: false })
  const [fault] = Value.Errors(shape, request)
  if (fault || !Value.Check(shape, request)) {
    const detail = `${fault?.instancePath || "request"} ${fault?.message}`
    throw new BifrostError(serviceErrors.RUN_INVALID, { detail, remedy: `See: bifrost-ts ${verb} --help` })
  }
  const given: {
    dry_run?: boolean
    only?: string[]
    hosts?: string[]
    until?: string
    with_dependencies?: boolean
    include_data?: boolean
    confirm?: string
  } = request
  const { only, hosts, until, with_dependencies: withDependencies = false } = given
  return {
    dryRun: given.dry_run ?? false,
    scope: { ...(only && { only }), ...(hosts && { hosts }), ...(until !== undefined && { until }), withDependencies },
    includeData: given.include_data ?? false,
    confirm: given.confirm,
  }
}
