import type { FastifyInstance, FastifyRequest } from "fastify"
import { BifrostError } from "../util/errors.ts"
import { apiErrors } from "./errors.ts"

/** Ironic's microversions that are offered: 1.1 to 1.115. */
export const MINIMUM = 1
export const MAXIMUM = 115

const HEADER = "x-openstack-ironic-api-version"

declare module "fastify" {
  interface FastifyRequest {
    /** The minor number of the version that the client asked for. */
    version: number
  }
}

/** Reads the version of each request, and says in each answer which one was used and which are offered. */
export function negotiateVersions(app: FastifyInstance): void {
  app.decorateRequest("version", MINIMUM)
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "X-OpenStack-Ironic-API-Minimum-Version": `1.${MINIMUM}`,
      "X-OpenStack-Ironic-API-Maximum-Version": `1.${MAXIMUM}`,
      Vary: "X-OpenStack-Ironic-API-Version, OpenStack-API-Version",
    })
    request.version = requestedVersion(request)
    reply.headers({
      "X-OpenStack-Ironic-API-Version": `1.${request.version}`,
      "OpenStack-API-Version": `baremetal 1.${request.version}`,
    })
  })
}

/** `1.N` or `latest`; without a header 1.1, as Ironic has it. */
function requestedVersion(request: FastifyRequest): number {
  const own = request.headers[HEADER]
  const common = /(?:^|,)\s*baremetal\s+([^\s,]+)/i.exec(String(request.headers["openstack-api-version"] ?? ""))?.[1]
  const asked = (Array.isArray(own) ? own[0] : own)?.trim() ?? common
  if (asked === undefined) return MINIMUM
  if (asked.toLowerCase() === "latest") return MAXIMUM
  const [, minor] = /^1\.(\d{1,4})$/.exec(asked) ?? []
  const version = Number(minor ?? Number.NaN)
  if (version >= MINIMUM && version <= MAXIMUM) return version
  throw new BifrostError(apiErrors.VERSION_NOT_OFFERED, {
    detail: asked.slice(0, 40),
    expected: `1.${MINIMUM} to 1.${MAXIMUM}`,
  })
}

/** For a route that came with a microversion: before it, there is no such thing. */
export function since(version: number) {
  return async (request: FastifyRequest): Promise<void> => {
    if (request.version >= version) return
    throw new BifrostError(apiErrors.NOT_FOUND, { detail: request.url, expected: `API version 1.${version} or later` })
  }
}
