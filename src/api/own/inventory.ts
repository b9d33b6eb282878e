import type { FastifyInstance } from "fastify"
import { BifrostError } from "../../util/errors.ts"
import { readQuery } from "../body.ts"
import { apiErrors } from "../errors.ts"
import { ansibleInventory, type InventoryFormat, inventoryFormats, inventoryOf, yamlInventory } from "../inventory.ts"
import type { ApiOptions } from "../ports.ts"

const isFormat = (word: string): word is InventoryFormat => (inventoryFormats as readonly string[]).includes(word)

/** `GET /v1/inventory?format=ansible|yaml|json&state=` and `GET /v1/nodes/:node/explain`. */
export function inventoryRoutes(app: FastifyInstance, { store, conductor }: ApiOptions): void {
  app.get("/v1/inventory", async (request, reply) => {
    const { format = "json", state } = readQuery(request.query, ["format", "state"])
    if (!isFormat(format)) {
      throw new BifrostError(apiErrors.FIELD_INVALID, { detail: "?format", expected: inventoryFormats.join(", ") })
    }
    const hosts = await inventoryOf(store, state)
    if (format === "json") return { hosts }
    if (format === "ansible") return ansibleInventory(hosts)
    return reply.type("application/yaml").send(yamlInventory(hosts))
  })

  app.get<{ Params: { node: string } }>("/v1/nodes/:node/explain", ({ params }) => conductor.explain(params.node))
}
