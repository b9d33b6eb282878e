import type { FastifyInstance } from "fastify"
import { BifrostError } from "../../util/errors.ts"
import { kinds, readBody, readCount, readFlag, readQuery, required } from "../body.ts"
import { apiErrors } from "../errors.ts"
import type { ApiOptions } from "../ports.ts"

type OneContainer = { Params: { container: string } }
const longestTail = 100_000

/**
 * What runs on the hosts. `GET /v1/services` → `{units}`; `GET /v1/services/:container/logs?host=&tail=&follow=` → text;
 * `POST /v1/services/:container/exec {command, host, user}` → `{code, stdout, stderr}`.
 */
export function serviceRoutes(app: FastifyInstance, { services }: ApiOptions): void {
  if (!services) return

  app.get("/v1/services", async () => ({ units: await services.list() }))

  app.get<OneContainer>("/v1/services/:container/logs", async (request, reply) => {
    const { host, ...query } = readQuery(request.query, ["host", "tail", "follow"])
    const lines = await services.logs(request.params.container, {
      ...(host !== undefined && { host }),
      tail: readCount("tail", query.tail, longestTail) ?? 100,
      follow: readFlag("follow", query.follow) ?? false,
    })
    return reply.type("text/plain; charset=utf-8").header("cache-control", "no-store").send(lines)
  })

  app.post<OneContainer>("/v1/services/:container/exec", async (request, reply) => {
    const body = readBody(request.body, { command: kinds.texts, host: kinds.text, user: kinds.text })
    const command = required("command", body.command)
    if (command.length === 0)
      throw new BifrostError(apiErrors.FIELD_INVALID, { detail: "command", expected: "a program" })
    const gone = new AbortController()
    reply.raw.on("close", () => {
      if (!reply.raw.writableFinished) gone.abort(new Error("who asked has left"))
    })
    return services.exec(request.params.container, {
      ...(body.host !== undefined && { host: body.host }),
      ...(body.user !== undefined && { user: body.user }),
      ...{ command, signal: gone.signal },
    })
  })
}
