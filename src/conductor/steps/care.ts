import type { Step as AgentStep } from "../../agent/protocol.ts"
import { isObject, type JsonObject } from "../../store/records.ts"
import { secretNames } from "../node-secrets.ts"
import type { Step, StepRun } from "../step.ts"
import { bmcOf } from "./machine.ts"
import { agentNode, waitForCommand } from "./write.ts"

/** The BMC answers with these credentials; what it says of the power is the first thing known of the machine. */
export const verifyBmc: Step = {
  name: "verify BMC",
  where: "work",
  async run(run) {
    const { power } = await bmcOf(run.tools, run.node)
    const state = await power.get(run.signal)
    await run.amend(() => ({ power_state: state }))
    return { power_state: state }
  },
}

/** Deleting a deploy: nothing of it, its keys least of all, outlives it. */
export const forget: Step = {
  name: "forget deploy",
  where: "work",
  async run(run) {
    await run.amend(async (node, store) => {
      for (const name of Object.values(secretNames)) await store.secrets.remove(node.uuid, name)
      const { ssh_host_key, ssh_address, ...rest } = node.driver_internal_info
      return { instance_info: {}, instance_uuid: null, driver_internal_info: rest }
    })
    return undefined
  },
}

export const readInventory: Step = {
  name: "read inventory",
  where: "work",
  async run(run) {
    const agent = await run.tools.agent(run.node)
    const inventory = await agent.run("poll.get_hardware_info", {}, run.signal)
    await run.amend((node) => ({
      properties: {
        ...node.properties,
        cpus: inventory.cpu.count,
        cpu_arch: inventory.cpu.architecture,
        memory_mb: inventory.memory.physical_mb,
        capabilities: withBootMode(node.properties["capabilities"], inventory.boot.current_boot_mode),
      },
      driver_internal_info: { ...node.driver_internal_info, inventory: inventory as unknown as JsonObject },
    }))
    return undefined
  },
}

/** Ironic's `key:value,…`; what a person set there stays. */
function withBootMode(capabilities: unknown, mode: string): string {
  const text = typeof capabilities === "string" ? capabilities : ""
  if (/(?:^|,)\s*boot_mode:/.test(text)) return text
  return [text, `boot_mode:${mode}`].filter(Boolean).join(",")
}

/** What automated cleaning does: the disks look empty to any operating system, in seconds. */
const automated: readonly AgentStep[] = [{ interface: "deploy", step: "erase_devices_metadata" }]

/** The steps of a clean: the user's, or the automated ones. */
export function cleanSteps({ operation }: Pick<StepRun, "operation">): readonly AgentStep[] {
  const asked = operation.request["clean_steps"]
  if (!Array.isArray(asked)) return automated
  return asked.filter(isObject).map((step) => ({
    interface: String(step["interface"] ?? "deploy"),
    step: String(step["step"]),
    ...(isObject(step["args"]) && { args: step["args"] }),
  }))
}

/** All clean steps, one after the other. Each may be repeated, so a cut-off one is simply begun again. */
export const clean: Step = {
  name: "clean",
  where: "wait",
  async run(run) {
    const { tools, node, signal } = run
    const agent = await tools.agent(node)
    const ports = await tools.store.ports.list({ node_uuid: node.uuid })
    const about = { node: agentNode(node), ports: ports.map(({ address }) => ({ address })) }
    const { hardware_manager_version } = await agent.run("clean.get_clean_steps", about, signal)
    const running = (await agent.commands(signal)).find(({ command_status }) => command_status === "RUNNING")
    if (running) await waitForCommand(run, running.id)
    for (const step of cleanSteps(run)) {
      const params = { step, ...about, clean_version: hardware_manager_version }
      const { id } = await agent.begin("clean.execute_clean_step", params, signal)
      await waitForCommand(run, id)
    }
    return undefined
  },
}
