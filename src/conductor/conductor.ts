import { randomUUID } from "node:crypto"
import type { Inventory } from "../agent/protocol.ts"
import { next } from "../states/table.ts"
import { isObject, type JsonObject, type NodeRecord } from "../store/records.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { Secret } from "../util/secret.ts"
import { desk } from "./desk.ts"
import { Engine } from "./engine.ts"
import { conductorErrors } from "./errors.ts"
import { explain } from "./explain.ts"
import { imageSource } from "./image/resolve.ts"
import { secretNames } from "./node-secrets.ts"
import { amend, findNode, nameOf, operationOf } from "./operation.ts"
import { bootDevices, type Conductor, isBootDevice, type ProvisionOptions, type Validation } from "./port.ts"
import { PowerKeeper } from "./power.ts"
import type { Tools } from "./step.ts"
import { adoptionOf } from "./steps/adopt.ts"
import { bmcOf, bootsUefi } from "./steps/machine.ts"
import { fieldsAtBegin } from "./transition.ts"
import { type Verb, verbs } from "./verbs.ts"

export function createConductor(tools: Tools): Conductor {
  const { store, clock } = tools
  const engine = new Engine(tools)
  const keeper = new PowerKeeper(tools)
  let abort = new AbortController()

  return {
    ...desk(tools),
    power: (node, target) => keeper.request(node, target),
    explain: (node) => explain(tools, node),

    async start() {
      abort = new AbortController()
      await engine.resume()
      await keeper.start()
    },

    async stop() {
      abort.abort(new Error("the service stops"))
      await Promise.all([engine.stop(), keeper.stop()])
      await Promise.all(Object.values(tools.drivers).map((driver) => driver.close()))
    },

    async provision(id, word, options = {}) {
      const verb = verbOf(word)
      await refuseImpossible(tools, await findNode(store, id), word, verb, options)
      const secretDrive = typeof options.configdrive === "string" ? new Secret(options.configdrive) : undefined
      const node = await amend(store, id, async (current, inside) => {
        // Asked again inside the transaction: two callers may have passed the first time.
        refuseState(current, word, verb)
        if (verb.event === "deploy" || verb.event === "rebuild") {
          // Each deploy reports with a token of its own: the system that was there before cannot speak for the new one.
          await inside.secrets.remove(current.uuid, secretNames.firstBootToken)
          await inside.secrets.remove(current.uuid, secretNames.configDrive)
          if (secretDrive) await inside.secrets.put(current.uuid, secretNames.configDrive, secretDrive)
        }
        const begin = { id: randomUUID(), request: requestOf(options), target: verb.target }
        const fields = fieldsAtBegin(current, verb.event, begin, clock.now())
        const data = { from: current.provision_state, to: fields.provision_state!, verb: word }
        await inside.events.append({ kind: "node.state", node_uuid: current.uuid, run_id: null, data })
        return fields
      })
      if (operationOf(node)) engine.launch(node.uuid)
      else engine.cancel(node.uuid)
      return node
    },

    setMaintenance: (id, on, reason) =>
      amend(store, id, () => ({ maintenance: on, maintenance_reason: on ? (reason ?? null) : null })),

    async setBootDevice(id, device, persistent) {
      const node = await findNode(store, id)
      if (!isBootDevice(device)) {
        throw new BifrostError(conductorErrors.VERB_UNKNOWN, {
          node: nameOf(node),
          detail: `boot device "${device}"`,
          expected: bootDevices.join(", "),
        })
      }
      if (operationOf(node)) {
        throw new BifrostError(conductorErrors.NODE_BUSY, { node: nameOf(node), detail: node.provision_state })
      }
      const { management } = await bmcOf(tools, node)
      await management.setBootDevice(device, { persistent, efi: bootsUefi(node) }, abort.signal)
    },

    async getBootDevice(id) {
      const { management } = await bmcOf(tools, await findNode(store, id))
      const { device, persistent } = await management.getBootDevice(abort.signal)
      return { boot_device: device, persistent }
    },

    async validate(id) {
      const node = await findNode(store, id)
      const bmc = await judge(() => bmcOf(tools, node))
      return {
        power: bmc,
        management: bmc,
        boot: await judge(() => hasPort(tools, node)),
        deploy: await judge(() => imageSource(node)),
      }
    },

    async inventory(id) {
      const { inventory } = (await findNode(store, id)).driver_internal_info
      return isObject(inventory) ? (inventory as unknown as Inventory) : undefined
    },

    async waitFor(id, states, signal) {
      const { uuid } = await findNode(store, id)
      let wake = () => {}
      const unsubscribe = store.events.subscribe(({ kind, node_uuid }) => {
        if (kind === "node.state" && node_uuid === uuid) wake()
      })
      const aborted = () => wake()
      signal.addEventListener("abort", aborted)
      try {
        for (;;) {
          const { promise, resolve } = Promise.withResolvers<void>()
          wake = resolve
          signal.throwIfAborted()
          const node = await findNode(store, uuid)
          if (states.includes(node.provision_state)) return node
          await promise
        }
      } finally {
        unsubscribe()
        signal.removeEventListener("abort", aborted)
      }
    },
  }
}

function verbOf(word: string): Verb {
  const known: Record<string, Verb> = verbs
  const verb = Object.hasOwn(known, word) ? known[word] : undefined
  if (verb) return verb
  throw new BifrostError(conductorErrors.VERB_UNKNOWN, { detail: word })
}

function refuseState(node: NodeRecord, word: string, verb: Verb): void {
  if (node.target_power_state !== null) {
    const detail = `its power is being changed to "${node.target_power_state}"`
    throw new BifrostError(conductorErrors.NODE_BUSY, { node: nameOf(node), detail })
  }
  if (next(node.provision_state, verb.event)) return
  const kind =
    verb.event === "abort"
      ? conductorErrors.NOTHING_TO_ABORT
      : operationOf(node)
        ? conductorErrors.NODE_BUSY
        : conductorErrors.VERB_NOT_ALLOWED
  throw new BifrostError(kind, {
    node: nameOf(node),
    detail: `"${word}" while it is ${node.provision_state}`,
  })
}

/** All that can be known to go wrong before anything is changed. */
async function refuseImpossible(
  tools: Tools,
  node: NodeRecord,
  word: string,
  verb: Verb,
  { clean_steps }: ProvisionOptions,
): Promise<void> {
  if (verb.unsupported) {
    throw new BifrostError(conductorErrors.NOT_SUPPORTED, {
      node: nameOf(node),
      detail: `${word}. ${verb.unsupported}`,
    })
  }
  refuseState(node, word, verb)
  if (verb.works && node.maintenance) {
    throw new BifrostError(conductorErrors.NODE_IN_MAINTENANCE, {
      node: nameOf(node),
      detail: node.maintenance_reason ?? "no reason given",
    })
  }
  if (verb.boots && tools.drivers[node.driver]?.byHand) {
    throw new BifrostError(conductorErrors.POWER_BY_HAND, { node: nameOf(node), detail: word })
  }
  if (verb.event === "adopt") adoptionOf(node)
  if (verb.event === "deploy" || verb.event === "rebuild") {
    imageSource(node)
    await bmcOf(tools, node)
    await hasPort(tools, node)
  }
  if (verb.event === "clean" && !clean_steps?.length) {
    throw new BifrostError(conductorErrors.DEPLOY_INVALID, { node: nameOf(node), detail: "clean without clean_steps" })
  }
}

async function hasPort({ store }: Tools, node: NodeRecord): Promise<void> {
  const ports = await store.ports.list({ node_uuid: node.uuid })
  if (ports.some(({ pxe_enabled }) => pxe_enabled)) return
  throw new BifrostError(conductorErrors.DEPLOY_INVALID, {
    node: nameOf(node),
    detail: "no port with pxe_enabled",
    expected: "the MAC address of the card that boots from the network",
  })
}

function requestOf({ configdrive, clean_steps }: ProvisionOptions): JsonObject {
  return {
    ...(configdrive !== undefined &&
      typeof configdrive !== "string" && { configdrive: { ...configdrive } as JsonObject }),
    ...(clean_steps && { clean_steps: [...clean_steps] }),
  }
}

async function judge(check: () => unknown): Promise<Validation> {
  try {
    await check()
    return { result: true, reason: null }
  } catch (error) {
    return { result: false, reason: messageOf(error) }
  }
}
