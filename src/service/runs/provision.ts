import { access } from "node:fs/promises"
import { join } from "node:path"
import Type from "typebox"
import { Value } from "typebox/value"
import type { Conductor } from "../../conductor/port.ts"
import type { Store } from "../../store/port.ts"
import type { JsonObject, NodeRecord } from "../../store/records.ts"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { inState, type Paths } from "../../util/paths.ts"
import { serviceErrors } from "../errors.ts"
import type { RunContext, RunKind } from "./engine.ts"
import { provisionNode } from "./provision-node.ts"

export const DEFAULT_IMAGE = "debian-13"

export interface ProvisionOptions {
  readonly store: Store
  readonly conductor: Conductor
  readonly paths: Paths
  /** Lays the services down on these nodes, and says what it did. */
  readonly deploy: (nodes: readonly NodeRecord[], context: RunContext) => Promise<JsonObject>
}

interface Request {
  /** Names or uuids; empty means every node that is not in maintenance. */
  readonly nodes: readonly string[]
  readonly image: string | undefined
  readonly thenDeploy: boolean
}

/** The run behind `bifrost-ts provision [NODE…] [--image NAME] [--then-deploy]`. */
export function provisionRun(options: ProvisionOptions): RunKind {
  return {
    async check(request) {
      const { nodes, image } = parse(request)
      await chosen(options.store, nodes)
      if (image !== undefined) await requireImage(options.paths, image)
    },
    async execute(context) {
      const { nodes: ids, image, thenDeploy } = parse(context.run.request)
      const nodes = await chosen(options.store, ids)
      const name = image ?? DEFAULT_IMAGE
      const outcomes = await Promise.allSettled(
        nodes.map((node) =>
          provisionNode(node, {
            conductor: options.conductor,
            store: options.store,
            runId: context.run.id,
            image: { name, force: image !== undefined },
            signal: context.signal,
          }),
        ),
      )
      context.signal.throwIfAborted()
      const active = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []))
      const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [messageOf(outcome.reason)] : []))
      await context.tell("run.provisioned", { active: active.map(({ uuid }) => uuid), failures })
      if (failures.length > 0) {
        throw new BifrostError(serviceErrors.PROVISION_INCOMPLETE, {
          detail: failures.join("; "),
          expected: `${nodes.length} active, not ${active.length}`,
        })
      }
      const provisioned = { active: active.map((node) => node.name ?? node.uuid) }
      return thenDeploy ? { ...provisioned, deploy: await options.deploy(active, context) } : provisioned
    },
  }
}

const requestShape = Type.Object(
  {
    nodes: Type.Optional(Type.Array(Type.String())),
    image: Type.Optional(Type.String()),
    then_deploy: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

function parse(request: JsonObject): Request {
  const [fault] = Value.Errors(requestShape, request)
  if (fault || !Value.Check(requestShape, request)) {
    throw new BifrostError(serviceErrors.RUN_INVALID, {
      detail: `${fault?.instancePath || "request"} ${fault?.message}`,
    })
  }
  return { nodes: request.nodes ?? [], image: request.image, thenDeploy: request.then_deploy ?? false }
}

async function chosen(store: Store, ids: readonly string[]): Promise<NodeRecord[]> {
  if (ids.length === 0) {
    const all = (await store.nodes.list()).filter(({ maintenance }) => !maintenance)
    if (all.length === 0) throw new BifrostError(serviceErrors.NOTHING_ENROLLED)
    return all
  }
  const found = await Promise.all(ids.map(async (id) => [id, await store.nodes.find(id)] as const))
  const unknown = found.filter(([, node]) => !node).map(([id]) => id)
  if (unknown.length > 0) throw new BifrostError(serviceErrors.NODES_UNKNOWN, { detail: unknown.join(", ") })
  return found.flatMap(([, node]) => node ?? [])
}

/** A bare name is an image in STATE/images; a URL is checked by the conductor, which knows how to ask its server. */
async function requireImage(paths: Paths, image: string): Promise<void> {
  if (/^https?:\/\//.test(image)) return
  const plain = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(image)
  try {
    if (!plain) throw new Error("not a plain name")
    await access(join(inState.images(paths), `${image}.json`))
  } catch (cause) {
    throw new BifrostError(serviceErrors.OS_IMAGE_ABSENT, { detail: image, cause })
  }
}
