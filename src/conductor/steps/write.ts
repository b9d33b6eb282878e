import { agentErrors } from "../../agent/errors.ts"
import type { AgentNode, CommandResult, WriteImageArgs } from "../../agent/protocol.ts"
import { isObject, type JsonObject, type NodeRecord } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { type AgentClient, agentFailure, succeeded } from "../agent-client.ts"
import { conductorErrors } from "../errors.ts"
import { resolveImage } from "../image/resolve.ts"
import { openMailbox } from "../mailbox.ts"
import { hostKeyPair, newToken, secretNames, siteKeyPair } from "../node-secrets.ts"
import { nameOf } from "../operation.ts"
import type { ConfigDriveAdditions } from "../port.ts"
import type { Step, StepRun } from "../step.ts"
import { bmcOf } from "./machine.ts"

/** What can be wrong with the image is found before the machine is touched. */
export const checkImage: Step = {
  name: "check image",
  where: "work",
  async run({ tools, node, signal }) {
    return { image: (await resolveImage(node, tools, signal)) as unknown as JsonObject }
  },
}

/** The node as the agent may see it: no driver_info, no bookkeeping. */
export const agentNode = (node: NodeRecord): AgentNode => ({
  uuid: node.uuid,
  properties: node.properties as AgentNode["properties"],
  instance_info: node.instance_info as AgentNode["instance_info"],
  driver_internal_info: {},
})

/** The config drive on the wire; what must be known to log in to the system that reads it goes into the record. */
async function configDrive(run: StepRun, macs: readonly string[]): Promise<string> {
  const { tools, node, operation } = run
  const { store } = tools
  const ready = await store.secrets.get(node.uuid, secretNames.configDrive)
  if (ready) return ready.reveal()
  const [hostKey, token] = await store.transaction(async (inside) => {
    const pair = await hostKeyPair(inside, node)
    const given = (await inside.secrets.get(node.uuid, secretNames.firstBootToken)) ?? newToken()
    await inside.secrets.put(node.uuid, secretNames.firstBootToken, given)
    return [pair, given] as const
  })
  await run.amend((record) => ({
    driver_internal_info: { ...record.driver_internal_info, ssh_host_key: hostKey.public },
  }))
  const additions = operation.request["configdrive"]
  return tools.configDrive({
    node,
    macs,
    publicKeys: [(await siteKeyPair(store)).public],
    hostKey,
    firstBoot: { url: `${tools.serviceUrl}/v1/first-boot/${node.uuid}`, token },
    additions: isObject(additions) ? (additions as ConfigDriveAdditions) : {},
  })
}

/** A write that this very boot of the agent already runs or ran: begun by a process that died before it could note so. */
async function begunBefore(agent: AgentClient, signal: AbortSignal): Promise<CommandResult | undefined> {
  const all = await agent.commands(signal)
  return all.findLast(
    ({ command_name, command_params }) =>
      command_name === "deploy.execute_deploy_step" && isWrite(command_params["step"]),
  )
}

const isWrite = (step: unknown) =>
  typeof step === "object" && step !== null && "step" in step && step.step === "write_image"

/** → the command's id. */
async function beginWrite(run: StepRun, agent: AgentClient): Promise<string> {
  const { tools, node, signal } = run
  const ports = await tools.store.ports.list({ node_uuid: node.uuid })
  const macs = ports.toSorted(bootFirst).map(({ address }) => address)
  const args: WriteImageArgs = {
    image_info: run.earlier(checkImage.name)["image"] as unknown as WriteImageArgs["image_info"],
    configdrive: await configDrive(run, macs),
  }
  const about = { node: agentNode(node), ports: macs.map((address) => ({ address })) }
  const { hardware_manager_version } = await agent.run("deploy.get_deploy_steps", about, signal)
  const step = { interface: "deploy", step: "write_image", args: { ...args } }
  const params = { step, ...about, deploy_version: hardware_manager_version }
  const { id } = await agent.begin("deploy.execute_deploy_step", params, signal)
  return id
}

const bootFirst = (a: { pxe_enabled: boolean }, b: { pxe_enabled: boolean }) =>
  Number(b.pxe_enabled) - Number(a.pxe_enabled)

export const startWrite: Step = {
  name: "start write",
  where: "work",
  async run(run) {
    const agent = await run.tools.agent(run.node)
    const running = run.repeated ? await begunBefore(agent, run.signal) : undefined
    return { command: running?.id ?? (await beginWrite(run, agent)) }
  },
}

export const waitForWrite: Step = {
  name: "wait for write",
  where: "wait",
  async run(run) {
    const command = String(run.data["command"] ?? run.earlier(startWrite.name)["command"])
    try {
      await waitForCommand(run, command)
    } catch (error) {
      if (agentFailure(error)?.type !== agentErrors.IMAGE_UNAVAILABLE.code) throw error
      // The service may have been away for longer than the agent asks again, and it is the service that has the image.
      const again = await beginWrite(run, await run.tools.agent(run.node))
      await run.note({ command: again })
      await waitForCommand(run, again)
    }
    return undefined
  },
}

/** The machine was seen booting: whatever the agent was doing, it is gone. */
const bootedAgain = new Set(["netboot.script", "netboot.kernel", "agent.lookup"])

/**
 * Waits for the end of an agent's command. Heartbeats (one follows the end of a command at once) are the signal to ask;
 * when none comes, the command is asked after now and then. AGENT_LOST when neither shows life.
 */
export async function waitForCommand(run: StepRun, id: string): Promise<CommandResult> {
  const { tools, node, signal } = run
  const { clock, limits } = tools
  const named = nameOf(node)
  const agent = await tools.agent(node)
  using mailbox = await openMailbox(tools.store, node.uuid, run.data.event, clock)
  const end = run.data.at + limits.command
  // A service that starts again gives the agent its full time: it could not have been heard meanwhile.
  let alive = clock.now()
  for (;;) {
    const asked = await agent.command(id, signal).catch((error: unknown) => {
      signal.throwIfAborted()
      return error
    })
    if (!(asked instanceof Error)) {
      const result = asked as CommandResult
      if (result.command_status !== "RUNNING") {
        succeeded(result, named)
        return result
      }
      alive = clock.now()
      if (alive > end) throw lost(named, `it still runs after ${limits.command / 60_000} minutes`, undefined)
    } else if (asked instanceof BifrostError && asked.code !== conductorErrors.AGENT_LOST.code) {
      throw lost(named, "another boot of the agent answers in its place", asked)
    } else if (clock.now() - alive >= limits.silence) {
      throw lost(named, await diagnose(run), asked)
    }
    const ask = clock.now() + limits.poll
    for (;;) {
      const event = await mailbox.next(ask, signal)
      if (!event || event.kind === "agent.heartbeat") break
      if (event.kind === "agent.progress") alive = event.at
      if (bootedAgain.has(event.kind)) throw lost(named, "the machine restarted while it worked", undefined)
    }
  }
}

const lost = (node: string, detail: string, cause: unknown) =>
  new BifrostError(conductorErrors.AGENT_LOST, { node, detail, cause })

/** Asks the BMC why the agent is silent. */
async function diagnose({ tools, node, signal }: StepRun): Promise<string> {
  const silent = `no heartbeat, no progress and no answer for ${tools.limits.silence / 1000} s`
  try {
    const { power } = await bmcOf(tools, node)
    const state = await power.get(signal)
    return state === "power off"
      ? `${silent}, and the machine is off: its power was cut`
      : `${silent}, although it is on`
  } catch {
    signal.throwIfAborted()
    return `${silent}, and its BMC does not answer either`
  }
}
