import type { FastifyInstance } from "fastify"
import type { RunRecord } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { type Kind, kinds, readBody, readQuery } from "../body.ts"
import { apiErrors } from "../errors.ts"
import { theNode } from "../lookup.ts"
import type { ApiOptions, RunRequest } from "../ports.ts"

type OneRun = { Params: { run: string } }
const statuses: readonly string[] = ["running", "succeeded", "failed", "aborted"] satisfies RunRecord["status"][]

const fields = {
  kind: kinds.text,
  nodes: kinds.texts,
  then_deploy: kinds.boolean,
  image: kinds.text,
  dry_run: kinds.boolean,
  only: kinds.texts,
  hosts: kinds.texts,
  until: kinds.text,
  with_dependencies: kinds.boolean,
  include_data: kinds.boolean,
  confirm: kinds.text,
} satisfies Record<string, Kind>

/** `/v1/runs`: what spans nodes. `POST` a RunRequest → 202 with the run. */
export function runRoutes(app: FastifyInstance, { store, runs }: ApiOptions): void {
  app.get("/v1/runs", async (request) => {
    const { status } = readQuery(request.query, ["status"])
    if (status !== undefined && !statuses.includes(status)) {
      throw new BifrostError(apiErrors.FIELD_INVALID, { detail: "?status", expected: statuses.join(", ") })
    }
    return { runs: await store.runs.list(status === undefined ? {} : { status: status as RunRecord["status"] }) }
  })

  app.get<OneRun>("/v1/runs/:run", async ({ params }) => {
    const run = await store.runs.find(params.run)
    if (run) return run
    throw new BifrostError(apiErrors.NOT_FOUND, {
      detail: `run ${params.run.slice(0, 80)}`,
      expected: "the id of a run",
    })
  })

  app.post("/v1/runs", async (request, reply) => {
    const body = readBody(request.body, fields)
    // A name that is not there is told before anything begins.
    for (const node of body.nodes ?? []) await theNode(store, node)
    const run = await runs.start({ ...body, kind: body.kind ?? "provision" } as RunRequest)
    return reply.status(202).header("Location", `/v1/runs/${run.id}`).send(run)
  })

  app.post<OneRun>("/v1/runs/:run/abort", async ({ params }, reply) => {
    return reply.status(202).send(await runs.abort(params.run))
  })
}
