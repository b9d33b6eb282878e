import type { Heartbeat, LookupAnswer, Progress } from "../agent/protocol.ts"
import { TOKEN_WITHHELD } from "../agent/protocol.ts"
import type { Store } from "../store/port.ts"
import type { JsonObject, NodeRecord } from "../store/records.ts"
import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { conductorErrors } from "./errors.ts"
import { newToken, sameToken, secretNames } from "./node-secrets.ts"
import { amend, findNode, nameOf, textOf } from "./operation.ts"
import { handlers } from "./plans.ts"
import type { LookupQuery } from "./port.ts"
import type { Tools } from "./step.ts"
import { agentNode } from "./steps/write.ts"

/**
 * What machines say about themselves. Nothing here waits for or asks a worker: each message is stored with its event, and
 * the worker reads events when it comes to it, so that a busy node loses none.
 */
export function desk({ store, limits }: Pick<Tools, "store" | "limits">) {
  const append = (inside: Store, kind: string, node: NodeRecord, data: JsonObject) =>
    inside.events.append({ kind, node_uuid: node.uuid, run_id: null, data })

  async function authorised(inside: Store, node: NodeRecord, token: unknown, name: string): Promise<void> {
    if (sameToken(token, await inside.secrets.get(node.uuid, name))) return
    throw new BifrostError(conductorErrors.AGENT_UNAUTHORISED, { node: nameOf(node), detail: "wrong or missing token" })
  }

  async function whoAsks(query: LookupQuery): Promise<NodeRecord> {
    const addresses = (query.addresses ?? []).map((address) => address.trim().toLowerCase()).filter(Boolean)
    const byMac = await Promise.all(addresses.map((address) => store.nodes.findByMac(address)))
    const node = query.node_uuid ? await store.nodes.find(query.node_uuid) : byMac.find((each) => each !== undefined)
    // The addresses decide with a uuid, too: without them any machine could ask for another one's token.
    const claims = node && (addresses.length === 0 || byMac.some((each) => each?.uuid === node.uuid))
    if (node && claims && takesAgent(node)) return node
    throw new BifrostError(conductorErrors.LOOKUP_UNKNOWN, {
      detail: addresses.join(", ") || query.node_uuid || "no address given",
      ...(node && { node: nameOf(node), expected: `a state that waits for an agent, not ${node.provision_state}` }),
    })
  }

  return {
    async lookup(query: LookupQuery): Promise<LookupAnswer> {
      const { uuid } = await whoAsks(query)
      return store.transaction(async (inside) => {
        const node = await findNode(inside, uuid)
        const given = await inside.secrets.get(uuid, secretNames.agentToken)
        const token = given ?? newToken()
        if (!given) await handOut(inside, uuid, token, query.boot_key)
        // The answer that carried it may have been lost; only who asked then knows the key.
        const tell = !given || sameToken(query.boot_key?.reveal(), await inside.secrets.get(uuid, secretNames.bootKey))
        await append(inside, "agent.lookup", node, { addresses: [...(query.addresses ?? [])] })
        return {
          node: agentNode(node),
          config: {
            heartbeat_timeout: limits.silence / 1000,
            agent_token: tell ? token.reveal() : TOKEN_WITHHELD,
            agent_token_required: true,
          },
        }
      })
    },

    async heartbeat(uuid: string, body: Heartbeat): Promise<void> {
      await amend(store, uuid, async (node, inside) => {
        await authorised(inside, node, body.agent_token, secretNames.agentToken)
        const known = textOf(node.driver_internal_info["agent_url"])
        if (!isAgentUrl(body.callback_url) || (known !== undefined && known !== body.callback_url)) {
          throw new BifrostError(conductorErrors.AGENT_UNAUTHORISED, {
            node: nameOf(node),
            detail: `callback_url is ${String(body.callback_url).slice(0, 200)}`,
            expected: known ?? "http://<address>:9999",
          })
        }
        await append(inside, "agent.heartbeat", node, {
          callback_url: body.callback_url,
          agent_version: String(body.agent_version ?? ""),
          ...(body.agent_status && { agent_status: body.agent_status }),
          ...(body.agent_status_message && { agent_status_message: body.agent_status_message }),
        })
        return { driver_internal_info: { ...node.driver_internal_info, agent_url: body.callback_url } }
      })
    },

    async progress(uuid: string, { agent_token, step, done, total, message }: Progress): Promise<void> {
      const node = await findNode(store, uuid)
      await authorised(store, node, agent_token, secretNames.agentToken)
      await append(store, "agent.progress", node, { step, done, total, message })
    },

    async firstBoot(uuid: string, token: string): Promise<void> {
      const node = await findNode(store, uuid)
      await authorised(store, node, token, secretNames.firstBootToken)
      await append(store, "os.first-boot", node, {})
    },
  }
}

/** A token belongs to one boot: the key of an earlier one must not open it. */
async function handOut(store: Store, uuid: string, token: Secret, bootKey: Secret | undefined): Promise<void> {
  await store.secrets.put(uuid, secretNames.agentToken, token)
  if (bootKey) await store.secrets.put(uuid, secretNames.bootKey, bootKey)
  else await store.secrets.remove(uuid, secretNames.bootKey)
}

/** States in which a ramdisk may ask who it is. */
const takesAgent = ({ provision_state }: NodeRecord) => {
  const name = handlers[provision_state]?.plan.name
  return name === "deploy" || name === "clean" || name === "inspect"
}

function isAgentUrl(url: unknown): boolean {
  if (typeof url !== "string" || !URL.canParse(url)) return false
  const { protocol, username, password, search, hash } = new URL(url)
  return /^https?:$/.test(protocol) && !username && !password && !search && !hash
}
