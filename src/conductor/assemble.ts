import type { Store } from "../store/port.ts"
import type { NodeRecord, supportedDrivers } from "../store/records.ts"
import { type Clock, systemClock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { inState, type Paths } from "../util/paths.ts"
import { type AgentClient, agentClient } from "./agent-client.ts"
import { createConductor } from "./conductor.ts"
import { buildDrive } from "./config-drive.ts"
import { ipmiDriver } from "./drivers/ipmi.ts"
import { manualDriver } from "./drivers/manual.ts"
import type { Driver } from "./drivers/types.ts"
import { conductorErrors } from "./errors.ts"
import { secretNames } from "./node-secrets.ts"
import { nameOf, textOf } from "./operation.ts"
import { sshProbe } from "./os-probe.ts"
import { limits, networkBoot, systemBoot } from "./phases.ts"
import type { Conductor } from "./port.ts"
import type { Tools } from "./step.ts"

export interface ConductorOptions {
  readonly store: Store
  readonly paths: Paths
  /** As nodes reach the service, without a slash at the end: `http://172.22.0.1:8080`. */
  readonly serviceUrl: string
  readonly clock?: Clock
  readonly automatedClean?: boolean
}

/** A conductor with the drivers, the agent's client and the probe that real machines need. */
export function conductorFor(options: ConductorOptions): Conductor {
  return createConductor(toolsFor(options))
}

export function toolsFor({
  store,
  paths,
  serviceUrl,
  clock = systemClock,
  automatedClean = false,
}: ConductorOptions): Tools {
  return {
    store,
    clock,
    serviceUrl,
    automatedClean,
    drivers: { ipmi: ipmiDriver(clock), "manual-management": manualDriver } satisfies Record<
      (typeof supportedDrivers)[number],
      Driver
    >,
    agent: (node) => agentOf(store, node),
    probe: sshProbe,
    configDrive: buildDrive,
    imagesDir: inState.images(paths),
    fetch,
    phases: { networkBoot, systemBoot },
    limits,
  }
}

/** The agent that last beat for the node. AGENT_LOST when none did since the machine was switched on. */
async function agentOf(store: Store, { uuid }: NodeRecord): Promise<AgentClient> {
  // Read again: the record that a step began with may be older than the heartbeat.
  const node = await store.nodes.find(uuid)
  const url = node && textOf(node.driver_internal_info["agent_url"])
  const token = await store.secrets.get(uuid, secretNames.agentToken)
  if (!node || !url || !token) {
    const name = node ? nameOf(node) : uuid
    throw new BifrostError(conductorErrors.AGENT_LOST, { node: name, detail: "no agent has reported" })
  }
  return agentClient({ url, token, node: nameOf(node) })
}
