import type { FastifyInstance } from "fastify"
import { bootDevices, type ConfigDriveAdditions, type ProvisionOptions } from "../../conductor/port.ts"
import type { Json, NodeRecord } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { checkField, kinds, readBody, required } from "../body.ts"
import { apiErrors } from "../errors.ts"
import { theNode } from "../lookup.ts"
import type { ApiOptions } from "../ports.ts"
import { since } from "../version.ts"

/** The microversion from which on a target may be asked for. */
const targetSince: Readonly<Record<string, number>> = {
  manage: 4,
  provide: 4,
  inspect: 6,
  abort: 13,
  clean: 15,
  adopt: 17,
  rescue: 38,
  unrescue: 38,
  deploy: 73,
  undeploy: 73,
  unhold: 85,
  service: 87,
}

const provisionBody = {
  target: kinds.text,
  configdrive: kinds.any,
  clean_steps: kinds.any,
  deploy_steps: kinds.any,
  service_steps: kinds.any,
  rescue_password: kinds.any,
  runbook: kinds.any,
  disable_ramdisk: kinds.any,
}
/** Known to Ironic, not carried out here: refused rather than ignored. */
const notCarriedOut = ["deploy_steps", "service_steps", "rescue_password", "runbook", "disable_ramdisk"] as const

type OneNode = { Params: { node: string } }

export function stateRoutes(app: FastifyInstance, { store, conductor }: ApiOptions): void {
  app.get<OneNode>("/v1/nodes/:node/states", async (request) => {
    const node = await theNode(store, request.params.node)
    return { ...statesOf(node), ...(request.version >= 75 && { boot_mode: null, secure_boot: null }) }
  })

  app.put<OneNode>("/v1/nodes/:node/states/provision", async (request, reply) => {
    const body = readBody(request.body, provisionBody)
    const target = required("target", body.target)
    if ((targetSince[target] ?? 1) > request.version) {
      const expected = `API version 1.${targetSince[target]} or later`
      throw new BifrostError(apiErrors.FIELD_INVALID, { detail: `target ${target}`, expected })
    }
    for (const name of notCarriedOut) {
      if (body[name] === undefined || body[name] === null || body[name] === false) continue
      throw new BifrostError(apiErrors.FIELD_UNKNOWN, { detail: `${name} is not carried out here` })
    }
    const node = await conductor.provision(request.params.node, target, optionsOf(body.configdrive, body.clean_steps))
    return reply.status(202).header("Location", `/v1/nodes/${node.uuid}/states`).send()
  })

  app.put<OneNode>("/v1/nodes/:node/states/power", async (request, reply) => {
    const body = readBody(request.body, { target: kinds.text, timeout: kinds.any })
    const node = await conductor.power(request.params.node, required("target", body.target))
    return reply.status(202).header("Location", `/v1/nodes/${node.uuid}/states`).send()
  })

  app.put<OneNode>("/v1/nodes/:node/maintenance", async (request, reply) => {
    const { reason } = readBody(request.body, { reason: kinds.textOrNull })
    await conductor.setMaintenance(request.params.node, true, reason ?? undefined)
    return reply.status(202).send()
  })
  app.delete<OneNode>("/v1/nodes/:node/maintenance", async (request, reply) => {
    await conductor.setMaintenance(request.params.node, false)
    return reply.status(202).send()
  })

  app.get<OneNode>("/v1/nodes/:node/management/boot_device", ({ params }) => conductor.getBootDevice(params.node))
  app.get<OneNode>("/v1/nodes/:node/management/boot_device/supported", async () => ({
    supported_boot_devices: bootDevices,
  }))
  app.put<OneNode>("/v1/nodes/:node/management/boot_device", async (request, reply) => {
    const body = readBody(request.body, { boot_device: kinds.text, persistent: kinds.boolean })
    await conductor.setBootDevice(
      request.params.node,
      required("boot_device", body.boot_device),
      body.persistent ?? false,
    )
    return reply.status(204).send()
  })

  app.get<OneNode>("/v1/nodes/:node/states/console", async (request) => {
    await theNode(store, request.params.node)
    return { console_enabled: false, console_info: null }
  })
  app.get<OneNode>("/v1/nodes/:node/vifs", async (request) => {
    await theNode(store, request.params.node)
    return { vifs: [] }
  })
  app.get<OneNode>("/v1/nodes/:node/traits", { onRequest: since(37) }, async (request) => {
    await theNode(store, request.params.node)
    return { traits: [] }
  })
  app.get<OneNode>("/v1/nodes/:node/inventory", { onRequest: since(81) }, async (request) => {
    const inventory = await conductor.inventory(request.params.node)
    if (inventory) return { inventory, plugin_data: {} }
    throw new BifrostError(apiErrors.NOT_FOUND, {
      node: request.params.node,
      detail: "its inventory",
      remedy: "Inspect the node first: openstack baremetal node inspect NODE.",
    })
  })
}

function optionsOf(configdrive: Json | undefined, clean_steps: Json | undefined): ProvisionOptions {
  if (clean_steps != null) checkField("clean_steps", clean_steps, kinds.objects)
  if (configdrive != null && typeof configdrive !== "string") {
    readBody(configdrive, { meta_data: kinds.object, network_data: kinds.object, user_data: kinds.any })
  }
  return {
    ...(configdrive != null && { configdrive: configdrive as string | ConfigDriveAdditions }),
    ...(clean_steps != null && { clean_steps: clean_steps as NonNullable<ProvisionOptions["clean_steps"]> }),
  }
}

function statesOf(node: NodeRecord) {
  return {
    provision_state: node.provision_state,
    target_provision_state: node.target_provision_state,
    provision_updated_at: node.provision_updated_at,
    power_state: node.power_state,
    target_power_state: node.target_power_state,
    last_error: node.last_error,
    console_enabled: false,
    raid_config: {},
    target_raid_config: {},
  }
}
