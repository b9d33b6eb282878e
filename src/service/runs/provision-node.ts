import type { Conductor, ProvisionVerb } from "../../conductor/port.ts"
import type { ProvisionState } from "../../states/table.ts"
import type { Journal, Store } from "../../store/port.ts"
import type { NodeRecord } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { serviceErrors } from "../errors.ts"

export interface ProvisionNodeOptions {
  readonly conductor: Conductor
  readonly store: Store
  readonly runId: string
  /** Installed on nodes that name no image of their own; with `force` also on those that do. */
  readonly image: { readonly name: string; readonly force: boolean }
  readonly signal: AbortSignal
}

/** Which verb takes a resting node one leg nearer to active. States not named here are on their way by themselves. */
const nextVerb: Partial<Record<ProvisionState, ProvisionVerb>> = {
  enroll: "manage",
  "clean failed": "manage",
  "inspect failed": "manage",
  "adopt failed": "manage",
  manageable: "provide",
  available: "deploy",
  "deploy failed": "deploy",
  error: "rebuild",
}

/** A machine that nobody can switch from here keeps the system that it runs. */
const nextVerbByHand: typeof nextVerb = {
  enroll: "manage",
  "clean failed": "manage",
  manageable: "adopt",
  "adopt failed": "adopt",
  available: "manage",
}

const verbFor = ({ driver, provision_state }: NodeRecord) =>
  (driver === "manual-management" ? nextVerbByHand : nextVerb)[provision_state]

const resting = [...Object.keys(nextVerb), "active", "rescue", "service failed"] as ProvisionState[]

/**
 * Takes one node to active, verb by verb, from wherever it stands. Each verb is asked for once in a run: the journal
 * remembers it, so that a run taken up after the service's death does not repeat a verb that failed before.
 */
export async function provisionNode(node: NodeRecord, options: ProvisionNodeOptions): Promise<NodeRecord> {
  const { conductor, signal } = options
  for (;;) {
    signal.throwIfAborted()
    const now = await conductor.waitFor(node.uuid, resting, signal)
    if (now.provision_state === "active") return now
    const verb = verbFor(now)
    if (!verb || (await wasAskedFor(options, node.uuid, verb))) {
      throw new BifrostError(serviceErrors.PROVISION_INCOMPLETE, {
        node: now.name ?? now.uuid,
        detail: now.last_error ?? `it rests in "${now.provision_state}"`,
        expected: "active",
      })
    }
    await ask(options, now, verb)
  }
}

async function ask(options: ProvisionNodeOptions, node: NodeRecord, verb: ProvisionVerb) {
  const installs = verb === "deploy" || verb === "rebuild"
  if (installs && (options.image.force || !node.instance_info["image_source"])) {
    const instance_info = { ...node.instance_info, image_source: options.image.name }
    await options.store.nodes.update(node.uuid, { instance_info })
  }
  const entry = await options.store.journal.begin({ operation: options.runId, subject: node.uuid, step: verb })
  try {
    // The node may have been moved by a verb asked for just before the service died: then the table refuses a second one.
    await options.conductor.provision(node.uuid, verb)
    await options.store.journal.end(entry.id, { status: "done" })
  } catch (error) {
    await options.store.journal.end(entry.id, { status: "failed", error: String(error) })
    throw error
  }
}

/** A verb whose entry is still "running" may never have reached the conductor: it is asked for again. */
async function wasAskedFor(
  { store, runId }: { store: { journal: Journal }; runId: string },
  uuid: string,
  verb: string,
) {
  const entries = await store.journal.of(runId)
  return entries.some(({ subject, step, status }) => subject === uuid && step === verb && status !== "running")
}
