import type { FastifyInstance } from "fastify"
import { siteKeyPair } from "../../conductor/node-secrets.ts"
import type { ApiOptions } from "../ports.ts"

/** `GET /v1/ssh-key` → `{public}`: what a system that is to be adopted has to let in. Made on first need. */
export function sshKeyRoute(app: FastifyInstance, { store }: Pick<ApiOptions, "store">): void {
  app.get("/v1/ssh-key", async () => ({ public: (await siteKeyPair(store)).public }))
}
