import type { FastifyInstance } from "fastify"
import { MAXIMUM, MINIMUM } from "../version.ts"
import { linksTo } from "./links.ts"

const versions = { min_version: `1.${MINIMUM}`, version: `1.${MAXIMUM}`, status: "CURRENT", id: "v1" }

/** `/` and `/v1`: how clients find out what is offered. The agent asks `/` too. */
export function rootRoutes(app: FastifyInstance): void {
  app.get("/", async (request) => {
    const version = { ...versions, links: [{ href: `http://${request.host || "localhost"}/v1/`, rel: "self" }] }
    return {
      name: "OpenStack Ironic API",
      description: "bifrost-ts: bare-metal provisioning with Ironic's API",
      default_version: version,
      versions: [version],
    }
  })

  app.get("/v1", async (request) => {
    const collections = ["nodes", "ports", "drivers", "conductors", "chassis", "portgroups", "lookup", "heartbeat"]
    return {
      id: "v1",
      links: linksTo(request, ""),
      media_types: [{ base: "application/json", type: "application/vnd.openstack.ironic.v1+json" }],
      version: versions,
      ...Object.fromEntries(collections.map((name) => [name, linksTo(request, `${name}/`)])),
    }
  })
}
