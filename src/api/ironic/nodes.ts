import type { FastifyInstance, FastifyRequest } from "fastify"
import { blankNode } from "../../store/blank.ts"
import type { JsonObject, NodeRecord } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { readFlag, readObject, readQuery, required } from "../body.ts"
import { apiErrors } from "../errors.ts"
import { applyPatch } from "../json-patch.ts"
import { theNode } from "../lookup.ts"
import type { ApiOptions } from "../ports.ts"
import { accept, chooseFields, nodeFields, show } from "./fields.ts"
import { linksTo } from "./links.ts"
import { checkDriver, checkName } from "./node-rules.ts"
import { nextPage, page, pagingNames } from "./paging.ts"
import { keepSecrets, partDriverInfo, withMasks } from "./secrets.ts"

/** What a list shows unless the client asks for more. */
const listed = ["uuid", "name", "instance_uuid", "power_state", "provision_state", "maintenance"]

/** States in which a node's record may be removed (contracts of Ironic; others only in maintenance). */
const removable: readonly string[] = ["enroll", "manageable", "available", "adopt failed", "inspect failed"]

/** `?name=value` → whether the node is one of those. */
const filters: Readonly<Record<string, (node: NodeRecord, value: string) => boolean>> = {
  instance_uuid: (node, value) => node.instance_uuid === value,
  provision_state: (node, value) => node.provision_state === value,
  driver: (node, value) => node.driver === value,
  resource_class: (node, value) => node.resource_class === value,
  associated: (node, value) => (node.instance_uuid !== null) === readFlag("associated", value),
  maintenance: (node, value) => node.maintenance === readFlag("maintenance", value),
}

type OneNode = { Params: { node: string } }

export function nodeRoutes(app: FastifyInstance, { store, clock, conductor }: ApiOptions): void {
  const answer = async (request: FastifyRequest, node: NodeRecord, only?: readonly string[]): Promise<JsonObject> => ({
    ...show(nodeFields, await withMasks(store, node), request.version, only),
    links: linksTo(request, `nodes/${node.uuid}`),
  })

  const list = async (request: FastifyRequest, detailed: boolean) => {
    const query = readQuery(request.query, ["fields", "detail", ...pagingNames, ...Object.keys(filters)])
    const all = detailed || (readFlag("detail", query["detail"]) ?? false)
    const chosen = chooseFields(nodeFields, request.version, query["fields"])
    const found = (await store.nodes.list()).filter((node) =>
      Object.entries(filters).every(([name, fits]) => query[name] === undefined || fits(node, query[name])),
    )
    const { page: nodes, more } = page(found, query)
    const shown: JsonObject[] = []
    for (const node of nodes) shown.push(await answer(request, node, all ? undefined : (chosen ?? listed)))
    return { nodes: shown, ...(more && nextPage(request.url, request.host, nodes.at(-1)!.uuid)) }
  }

  app.get("/v1/nodes", (request) => list(request, false))
  app.get("/v1/nodes/detail", (request) => list(request, true))

  app.get<OneNode>("/v1/nodes/:node", async (request) => {
    const query = readQuery(request.query, ["fields"])
    const chosen = chooseFields(nodeFields, request.version, query.fields)
    return answer(request, await theNode(store, request.params.node), chosen)
  })

  app.post("/v1/nodes", async (request, reply) => {
    const blank = blankNode(clock.now())
    const given = accept(nodeFields, request.version, readObject(request.body), blank)
    required("driver", given.driver)
    checkName(given.name)
    checkDriver(given.driver)
    const info = partDriverInfo(given.driver_info ?? {})
    const node = { ...blank, ...given, driver_info: info.open }
    await store.transaction(async (inside) => {
      await inside.nodes.insert(node)
      await keepSecrets(inside, node.uuid, info)
      await inside.events.append({ kind: "enroll.added", node_uuid: node.uuid, run_id: null, data: {} })
    })
    return reply
      .status(201)
      .header("Location", `/v1/nodes/${node.uuid}`)
      .send(await answer(request, node))
  })

  app.patch<OneNode>("/v1/nodes/:node", async (request) => {
    const changed = await store.transaction(async (inside) => {
      const node = await theNode(inside, request.params.node)
      const before = await withMasks(inside, node)
      const document = show(nodeFields, before, request.version)
      const after = withNulls(document, applyPatch(document, request.body))
      const given = accept(nodeFields, request.version, after, before, before)
      checkName(given.name)
      checkDriver(given.driver)
      if (given.driver_info === undefined) return inside.nodes.update(node.uuid, given)
      const info = partDriverInfo(given.driver_info)
      await keepSecrets(inside, node.uuid, info)
      return inside.nodes.update(node.uuid, { ...given, driver_info: info.open })
    })
    return answer(request, changed ?? (await theNode(store, request.params.node)))
  })

  app.delete<OneNode>("/v1/nodes/:node", async (request, reply) => {
    await store.transaction(async (inside) => {
      const node = await theNode(inside, request.params.node)
      if (!removable.includes(node.provision_state) && !node.maintenance) {
        throw new BifrostError(apiErrors.NODE_NOT_REMOVABLE, {
          node: node.name ?? node.uuid,
          detail: `it is ${node.provision_state}`,
          expected: removable.join(", "),
        })
      }
      await inside.nodes.remove(node.uuid)
      const data = { name: node.name }
      await inside.events.append({ kind: "enroll.removed", node_uuid: node.uuid, run_id: null, data })
    })
    return reply.status(204).send()
  })

  app.get<OneNode>("/v1/nodes/:node/validate", ({ params }) => conductor.validate(params.node))
  // Clients of older versions ask by query.
  app.get("/v1/nodes/validate", (request) => {
    const { node } = readQuery(request.query, ["node"])
    return conductor.validate(required("?node", node))
  })
}

/** A field that the patch removed goes back to nothing: {} for objects, null for the rest. */
function withNulls(before: JsonObject, after: JsonObject): JsonObject {
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name))
  const nothing = (name: string) => {
    const value = before[name]
    if (Array.isArray(value)) return []
    if (typeof value === "boolean") return false
    return value !== null && typeof value === "object" ? {} : null
  }
  return { ...after, ...Object.fromEntries(removed.map((name) => [name, nothing(name)])) }
}
