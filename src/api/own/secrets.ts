import type { FastifyInstance } from "fastify"
import { deployErrors } from "../../deploy/errors.ts"
import { SecretBook } from "../../deploy/secret-book.ts"
import type { ServiceDefinition } from "../../deploy/service.ts"
import { kinds, readBody, required } from "../body.ts"
import { FaultyFile } from "../failures.ts"
import type { ApiOptions } from "../ports.ts"

type OneSecret = { Params: { name: string } }

export interface SecretRoutesOptions extends Pick<ApiOptions, "store" | "clock"> {
  readonly services: readonly ServiceDefinition[]
}

/**
 * `/v1/secrets`: the cloud's passwords and keys. For the socket's listener alone, whose callers could read the state directory
 * as well; what was shown or changed is in the events, by name.
 */
export function secretRoutes(app: FastifyInstance, { store, clock, services }: SecretRoutesOptions): void {
  const book = new SecretBook(services, store, () => clock.now())
  const tell = (kind: string, data: Record<string, string[]>) =>
    store.events.append({ kind, node_uuid: null, run_id: null, data })

  app.get("/v1/secrets", async () => ({ secrets: await book.list() }))

  app.get<OneSecret>("/v1/secrets/:name", async ({ params: { name } }, reply) => {
    const value = (await book.show(name)).reveal()
    await tell("secret.shown", { names: [name] })
    return reply.header("cache-control", "no-store").send({ name, value })
  })

  app.post<OneSecret>("/v1/secrets/:name/rotate", async ({ params: { name } }) => {
    await book.rotate(name)
    await tell("secret.changed", { names: [name] })
    return { name }
  })

  /** `{content, dry_run}` → SecretImport; 400 with every fault of the file. */
  app.post("/v1/secrets", async ({ body }) => {
    const given = readBody(body, { content: kinds.text, dry_run: kinds.boolean })
    const dryRun = given.dry_run ?? false
    const result = await book.import(required("content", given.content), dryRun)
    if ("faults" in result) {
      const [first] = result.faults
      const detail = `line ${first?.line}, column ${first?.column}: ${first?.what}, expected ${first?.expected}`
      throw new FaultyFile(result.faults, deployErrors.SECRETS_INVALID, { detail })
    }
    const names = [...result.report.added, ...result.report.changed]
    if (!dryRun && names.length > 0) await tell("secret.changed", { names })
    return result.report
  })
}
