import Fastify, { type FastifyInstance } from "fastify"
import { BifrostError } from "../util/errors.ts"
import { requireCredentials } from "./auth.ts"
import { apiErrors } from "./errors.ts"
import { answerFailures, answerUnknownPaths } from "./failures.ts"
import { nodeRoutes } from "./ironic/nodes.ts"
import { portRoutes } from "./ironic/ports.ts"
import { rootRoutes } from "./ironic/roots.ts"
import { stateRoutes } from "./ironic/states.ts"
import { surroundingRoutes } from "./ironic/surroundings.ts"
import { enrollmentRoutes } from "./own/enrollments.ts"
import { eventRoutes } from "./own/events.ts"
import { inventoryRoutes } from "./own/inventory.ts"
import { runRoutes } from "./own/runs.ts"
import { serviceRoutes } from "./own/services.ts"
import { sshKeyRoute } from "./own/ssh-key.ts"
import type { ApiOptions } from "./ports.ts"
import { negotiateVersions } from "./version.ts"

/** The API for one listener: Ironic's subset and our own routes. */
export function buildApi(options: ApiOptions): FastifyInstance {
  const app = Fastify({
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 300 },
    bodyLimit: 2 * 2 ** 20,
    requestTimeout: 60_000,
    forceCloseConnections: true,
  })
  answerFailures(app, options.onFailure)
  answerUnknownPaths(app)
  readBodies(app)
  negotiateVersions(app)
  if (options.authenticate) requireCredentials(app, options.authenticate)
  for (const routes of [
    rootRoutes,
    nodeRoutes,
    portRoutes,
    stateRoutes,
    surroundingRoutes,
    enrollmentRoutes,
    eventRoutes,
    inventoryRoutes,
    runRoutes,
    serviceRoutes,
    sshKeyRoute,
  ]) {
    routes(app, options)
  }
  return app
}

/** Ironic's clients send JSON under several types, and on DELETE "application/octet-stream" without a body. */
function readBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error")
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    ["application/json", "application/json-patch+json"],
    { parseAs: "string" },
    (request, body, done) => (body === "" ? done(null, undefined) : parse(request, body as string, done)),
  )
  app.addContentTypeParser("*", { parseAs: "string" }, (request, body, done) => {
    if (body === "") return done(null, undefined)
    const detail = `a body of type ${String(request.headers["content-type"]).slice(0, 80)}`
    done(new BifrostError({ ...apiErrors.REQUEST_INVALID, status: 415 }, { detail, expected: "application/json" }))
  })
}
