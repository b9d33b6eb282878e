import type { FastifyInstance } from "fastify"
import { API_USER, newApiPassword } from "../auth.ts"
import type { ApiOptions } from "../ports.ts"

/**
 * `POST /v1/api-password` → `{user, password}`: makes a new password for the API over TCP, and the old one void. For the
 * socket's listener alone, whose callers need none: who has a password is not to make another for someone else.
 */
export function passwordRoute(app: FastifyInstance, { store }: Pick<ApiOptions, "store">): void {
  app.post("/v1/api-password", async (_request, reply) => {
    const password = await newApiPassword(store)
    return reply.header("cache-control", "no-store").send({ user: API_USER, password: password.reveal() })
  })
}
