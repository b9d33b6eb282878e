import type { FastifyInstance } from "fastify"
import type { ConfigFile } from "../../deploy/genconfig.ts"
import { kinds, readBody } from "../body.ts"

export interface ConfigRequest {
  /** Services. */
  readonly only?: readonly string[]
  /** Hosts by name. */
  readonly hosts?: readonly string[]
  readonly reveal: boolean
}

export type GenerateConfig = (request: ConfigRequest) => Promise<ConfigFile[]>

/** `POST /v1/config {only, hosts, reveal}` → `{files}`. For the socket's listener alone: files may be asked for with their secrets. */
export function configRoute(app: FastifyInstance, generate: GenerateConfig): void {
  app.post("/v1/config", async ({ body }, reply) => {
    const { reveal = false, ...scope } = readBody(body, {
      only: kinds.texts,
      hosts: kinds.texts,
      reveal: kinds.boolean,
    })
    return reply.header("cache-control", "no-store").send({ files: await generate({ ...scope, reveal }) })
  })
}
