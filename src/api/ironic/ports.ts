import type { FastifyInstance, FastifyRequest } from "fastify"
import { mac } from "../../enroll/values.ts"
import { blankPort } from "../../store/blank.ts"
import type { JsonObject, PortRecord } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { readFlag, readObject, readQuery, required } from "../body.ts"
import { apiErrors } from "../errors.ts"
import { applyPatch } from "../json-patch.ts"
import { theNode, thePort } from "../lookup.ts"
import type { ApiOptions } from "../ports.ts"
import { accept, chooseFields, portFields, show } from "./fields.ts"
import { linksTo } from "./links.ts"
import { nextPage, page, pagingNames } from "./paging.ts"

const listed = ["uuid", "address"]
type OnePort = { Params: { port: string } }
type OneNode = { Params: { node: string } }

export function portRoutes(app: FastifyInstance, { store, clock }: ApiOptions): void {
  const answer = (request: FastifyRequest, port: PortRecord, only?: readonly string[]): JsonObject => ({
    ...show(portFields, port, request.version, only),
    links: linksTo(request, `ports/${port.uuid}`),
  })

  const list = async (request: FastifyRequest, detailed: boolean, of?: string) => {
    const query = readQuery(request.query, [
      "fields",
      "detail",
      "address",
      "node",
      "node_uuid",
      "shard",
      ...pagingNames,
    ])
    const id = of ?? query.node_uuid ?? query.node
    const node_uuid = id === undefined ? undefined : (await theNode(store, id)).uuid
    const found = await store.ports.list({
      ...(node_uuid !== undefined && { node_uuid }),
      ...(query.address !== undefined && { address: addressOf(query.address) }),
    })
    const all = detailed || readFlag("detail", query.detail)
    const only = all ? undefined : (chooseFields(portFields, request.version, query.fields) ?? listed)
    const { page: ports, more } = page(found, query)
    const shown = ports.map((port) => answer(request, port, only))
    return { ports: shown, ...(more && nextPage(request.url, request.host, ports.at(-1)!.uuid)) }
  }

  app.get("/v1/ports", (request) => list(request, false))
  app.get("/v1/ports/detail", (request) => list(request, true))
  app.get<OneNode>("/v1/nodes/:node/ports", (request) => list(request, false, request.params.node))
  app.get<OneNode>("/v1/nodes/:node/ports/detail", (request) => list(request, true, request.params.node))

  app.get<OnePort>("/v1/ports/:port", async (request) => {
    const { fields } = readQuery(request.query, ["fields"])
    return answer(request, await thePort(store, request.params.port), chooseFields(portFields, request.version, fields))
  })

  app.post("/v1/ports", async (request, reply) => {
    const blank = blankPort(clock.now())
    const given = accept(portFields, request.version, readObject(request.body), blank)
    const address = addressOf(required("address", given.address))
    const { uuid: node_uuid } = await theNode(store, required("node_uuid", given.node_uuid))
    const port: PortRecord = { ...blank, ...given, address, node_uuid }
    await store.ports.insert(port)
    return reply.status(201).header("Location", `/v1/ports/${port.uuid}`).send(answer(request, port))
  })

  app.patch<OnePort>("/v1/ports/:port", async (request) => {
    const port = await thePort(store, request.params.port)
    const document = show(portFields, port, request.version)
    const given = accept(portFields, request.version, applyPatch(document, request.body), port, port)
    if (given.address !== undefined) given.address = addressOf(given.address)
    return answer(request, (await store.ports.update(port.uuid, given)) ?? port)
  })

  app.delete<OnePort>("/v1/ports/:port", async (request, reply) => {
    await store.ports.remove((await thePort(store, request.params.port)).uuid)
    return reply.status(204).send()
  })
}

function addressOf(given: string): string {
  const read = mac(given)
  if ("value" in read) return read.value
  throw new BifrostError(apiErrors.FIELD_INVALID, { detail: `address ${given.slice(0, 40)}`, expected: read.expected })
}
