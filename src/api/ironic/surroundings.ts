import type { FastifyInstance, FastifyRequest } from "fastify"
import { supportedDrivers } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { apiErrors } from "../errors.ts"
import type { ApiOptions } from "../ports.ts"
import { since } from "../version.ts"
import { linksTo } from "./links.ts"
import { type Driver, isDriver } from "./node-rules.ts"

const properties: Readonly<Record<Driver, Readonly<Record<string, string>>>> = {
  ipmi: {
    ipmi_address: "IP address or host name of the BMC. Required.",
    ipmi_port: "UDP port of the BMC; 623 by default. Optional.",
    ipmi_username: "User at the BMC. Optional.",
    ipmi_password: "Password at the BMC. Required.",
  },
  "manual-management": {},
}

/** Drivers and conductors, and the collections of Ironic that are always empty here. */
export function surroundingRoutes(app: FastifyInstance, { hostname }: ApiOptions): void {
  const driver = (request: FastifyRequest, name: string) => ({
    name,
    hosts: [hostname],
    type: "dynamic",
    properties: [{ href: `http://${request.host || "localhost"}/v1/drivers/${name}/properties`, rel: "self" }],
    links: linksTo(request, `drivers/${name}`),
  })
  const known = (name: string) => {
    if (isDriver(name)) return name
    throw new BifrostError(apiErrors.NOT_FOUND, {
      detail: `driver ${name.slice(0, 40)}`,
      expected: supportedDrivers.join(" or "),
    })
  }
  type One = { Params: { name: string } }
  app.get("/v1/drivers", async (request) => ({ drivers: supportedDrivers.map((name) => driver(request, name)) }))
  app.get<One>("/v1/drivers/:name", async (request) => driver(request, known(request.params.name)))
  app.get<One>("/v1/drivers/:name/properties", async (request) => properties[known(request.params.name)])

  const conductor = (request: FastifyRequest) => ({
    hostname,
    conductor_group: "",
    alive: true,
    drivers: supportedDrivers,
    links: linksTo(request, `conductors/${hostname}`),
  })
  app.get("/v1/conductors", { onRequest: since(49) }, async (request) => ({ conductors: [conductor(request)] }))
  app.get<One>("/v1/conductors/:name", { onRequest: since(49) }, async (request) => {
    if (request.params.name === hostname) return conductor(request)
    throw new BifrostError(apiErrors.NOT_FOUND, { detail: `conductor ${request.params.name.slice(0, 80)}` })
  })

  for (const name of ["chassis", "portgroups"]) app.get(`/v1/${name}`, async () => ({ [name]: [] }))
  app.get("/v1/volume", async () => ({ connectors: [], targets: [] }))
  for (const name of ["connectors", "targets"]) app.get(`/v1/volume/${name}`, async () => ({ [name]: [] }))
}
