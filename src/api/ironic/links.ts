import type { FastifyRequest } from "fastify"
import type { JsonObject } from "../../store/records.ts"

/** Ironic's links: the thing itself, and the same without the version. */
export function linksTo(request: FastifyRequest, path: string): JsonObject[] {
  const base = `http://${request.host || "localhost"}`
  return [
    { href: `${base}/v1/${path}`, rel: "self" },
    { href: `${base}/${path}`, rel: "bookmark" },
  ]
}
