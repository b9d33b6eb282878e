import type { FastifyInstance, FastifyPluginAsync } from "fastify"
import { BOOT_KEY_HEADER, type Heartbeat, type Progress } from "../agent/protocol.ts"
import type { Conductor } from "../conductor/port.ts"
import { Secret } from "../util/secret.ts"
import { checkField, kinds, readObject, required } from "./body.ts"
import { answerFailures } from "./failures.ts"
import { rootRoutes } from "./ironic/roots.ts"
import { negotiateVersions } from "./version.ts"

export interface AgentRoutesOptions {
  readonly conductor: Pick<Conductor, "lookup" | "heartbeat" | "progress" | "firstBoot">
  readonly onFailure?: (error: unknown) => void
}

/** What comes from a machine is small; a larger body is none of the protocol's. */
const bodyLimit = 64 * 1024
type One = { Params: { uuid: string } }

/**
 * What the agent and the first boot say to us (Ironic's agent protocol), for the listener on the provisioning network. Unknown
 * fields are left alone here: a stock agent of another release may send more.
 */
export const agentRoutes: FastifyPluginAsync<AgentRoutesOptions> = async (app: FastifyInstance, options) => {
  const { conductor } = options
  negotiateVersions(app)
  answerFailures(app, options.onFailure)
  rootRoutes(app)

  app.get("/v1/lookup", async (request) => {
    const { addresses, node_uuid } = request.query as Record<string, unknown>
    const macs = typeof addresses === "string" ? addresses.split(",").filter((mac) => mac !== "") : []
    const key = request.headers[BOOT_KEY_HEADER]
    return conductor.lookup({
      addresses: macs.slice(0, 64),
      ...(typeof node_uuid === "string" && { node_uuid }),
      ...(typeof key === "string" && /^[0-9a-f]{64}$/.test(key) && { boot_key: new Secret(key) }),
    })
  })

  app.post<One>("/v1/heartbeat/:uuid", { bodyLimit }, async (request, reply) => {
    const body = textsIn(request.body, ["callback_url"])
    for (const name of ["agent_version", "agent_status", "agent_status_message"]) {
      checkField(name, body[name] ?? null, kinds.textOrNull)
    }
    await conductor.heartbeat(request.params.uuid, body as unknown as Heartbeat)
    return reply.status(202).send()
  })

  app.post<One>("/v1/agent/:uuid/progress", { bodyLimit }, async (request, reply) => {
    const body = textsIn(request.body, ["step", "message"])
    for (const name of ["done", "total"]) checkField(name, required(name, body[name]), kinds.number)
    await conductor.progress(request.params.uuid, body as unknown as Progress)
    return reply.status(204).send()
  })

  app.post<One>("/v1/first-boot/:uuid", { bodyLimit }, async (request, reply) => {
    const body = textsIn(request.body, ["token"])
    await conductor.firstBoot(request.params.uuid, body["token"] as string)
    return reply.status(204).send()
  })
}

/** The body, in which these are texts. A missing agent_token is the conductor's to refuse: it is a matter of rights. */
function textsIn(given: unknown, names: readonly string[]) {
  const body = readObject(given)
  for (const name of names) checkField(name, required(name, body[name]), kinds.text)
  return body
}
