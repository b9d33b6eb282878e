import type { FastifyError, FastifyInstance } from "fastify"
import { BifrostError, messageOf } from "../util/errors.ts"
import { apiErrors } from "./errors.ts"

/**
 * The one shape of failures: Ironic's envelope, whose error_message is a JSON string, and beside it `error` with the code, the
 * remedy and the parts that our own command line prints.
 */
export function answerFailures(app: FastifyInstance, onFailure: (error: unknown) => void = () => {}): void {
  app.setErrorHandler((thrown: FastifyError | BifrostError, _request, reply) => {
    const error = asBifrostError(thrown)
    if (error === undefined || error.status >= 500) onFailure(thrown)
    if (error === undefined)
      return reply.status(500).send(envelope(500, "an internal error, which the service's log shows"))
    if (error.status === 401) reply.header("WWW-Authenticate", 'Basic realm="bifrost-ts"')
    return reply.status(error.status).send(envelope(error.status, sentence(error), error))
  })
}

/** A path that is not there fails in the same shape. One a server: not for a plugin. */
export function answerUnknownPaths(app: FastifyInstance): void {
  app.setNotFoundHandler((request) => {
    throw new BifrostError(apiErrors.NOT_FOUND, { detail: `${request.method} ${request.url.slice(0, 200)}` })
  })
}

/** What the framework refuses (syntax, size, media type) is the client's fault, and is told in the same way. */
function asBifrostError(thrown: FastifyError | BifrostError): BifrostError | undefined {
  if (thrown instanceof BifrostError) return thrown
  const status = thrown.statusCode ?? 500
  if (status >= 500) return undefined
  return new BifrostError({ ...apiErrors.REQUEST_INVALID, status }, { detail: messageOf(thrown), cause: thrown })
}

/** A BMC's error message may itself end with a full stop. */
const sentence = (error: BifrostError) => `${error.message.replace(/\.$/, "")}. ${error.remedy}`

function envelope(status: number, faultstring: string, error?: BifrostError) {
  const faultcode = status < 500 ? "Client" : "Server"
  const fault = { faultcode, faultstring, debuginfo: null }
  const faults = error instanceof FaultyFile ? { faults: error.faults } : {}
  return { error_message: JSON.stringify(fault), ...(error && { error: { ...error.toJSON(), ...faults } }) }
}

/** An error that carries a list, one entry a place in the file. */
export class FaultyFile extends BifrostError {
  readonly faults: readonly unknown[]

  constructor(faults: readonly unknown[], ...about: ConstructorParameters<typeof BifrostError>) {
    super(...about)
    this.faults = faults
  }
}
