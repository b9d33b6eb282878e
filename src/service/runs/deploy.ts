import { readFile } from "node:fs/promises"
import { services } from "../../../services/index.ts"
import { deployErrors } from "../../deploy/errors.ts"
import { inventoryFrom } from "../../deploy/inventory.ts"
import { runJournal } from "../../deploy/journal.ts"
import { type ImagesLock, parseLock } from "../../deploy/lock.ts"
import { Placement } from "../../deploy/placement.ts"
import { type DeployResult, deployRun } from "../../deploy/run.ts"
import { readSchemaDumps } from "../../deploy/schema-dumps.ts"
import { checkScope } from "../../deploy/scope.ts"
import type { SiteConfig } from "../../deploy/site.ts"
import type { Verb } from "../../deploy/verbs.ts"
import type { Store } from "../../store/port.ts"
import type { JsonObject, NodeRecord } from "../../store/records.ts"
import type { Clock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import { inState, type Paths } from "../../util/paths.ts"
import { siteCertificates } from "../certificates.ts"
import { serviceErrors } from "../errors.ts"
import { siteAuthority } from "../pki.ts"
import { type DeployRunRequest, deployRequest } from "./deploy-request.ts"
import type { RunContext, RunKind } from "./engine.ts"
import { siteOfRun } from "./site.ts"

export interface DeployOptions {
  readonly store: Store
  readonly clock: Clock
  readonly paths: Paths
  /** host:port as hosts reach it, and the authority that vouches for it. */
  readonly registry: { readonly address: string; readonly ca: string }
}

const noImages: ImagesLock = { version: 1, images: {} }
/** Verbs that bring images to hosts. */
const usesImages: readonly Verb[] = ["deploy", "pull", "post-deploy"]

/** The run behind a verb such as `bifrost-ts deploy` (with `dry_run`, `bifrost-ts plan`): on all nodes that are active. */
export function deployKind(options: DeployOptions, verb: Verb): RunKind {
  return {
    async check(request) {
      const { scope, dryRun, confirm } = deployRequest(verb, request)
      const inventory = inventoryFrom(await options.store.nodes.list())
      const { site } = await siteOfRun(options.paths, services, inventory)
      if (inventory.hosts.length > 0) checkScope(scope, new Placement(services, inventory, site), inventory)
      if (usesImages.includes(verb)) requireImages(await imagesLock(options.paths), site)
      if (verb === "destroy" && !dryRun && confirm !== site.region) {
        throw new BifrostError(deployErrors.DESTROY_UNCONFIRMED, { expected: `confirm: ${site.region}` })
      }
    },
    async execute(context) {
      const request = deployRequest(verb, context.run.request)
      return deployNodes(options, await options.store.nodes.list(), context, { verb, ...request })
    },
  }
}

type DeployParts = Partial<DeployRunRequest> & { readonly verb?: Verb }

/** Lays the services down on the active ones among these nodes. Rejects with DEPLOY_INCOMPLETE when a step failed. */
export async function deployNodes(
  { store, clock, paths, registry }: DeployOptions,
  nodes: readonly NodeRecord[],
  { run, signal, tell }: RunContext,
  { verb = "deploy", dryRun = false, scope = {}, includeData = false }: DeployParts = {},
): Promise<JsonObject> {
  const privateKey = await store.secrets.get("site", "ssh_private_key")
  const inventory = inventoryFrom(nodes)
  if (!privateKey || inventory.hosts.length === 0) throw new BifrostError(serviceErrors.NOTHING_ENROLLED)
  const lock = usesImages.includes(verb) ? await imagesLock(paths) : undefined
  const { site, overrides, warnings, certificates: given } = await siteOfRun(paths, services, inventory, lock)
  if (lock) requireImages(lock, site)
  const certificateOptions = { store, clock, authority: await siteAuthority(store, clock), site, given }
  const certificates = await siteCertificates(certificateOptions, { dryRun: dryRun || verb !== "deploy" })
  for (const warning of warnings) await tell("run.warning", { text: warning })
  // Events are appended in the order in which they happen; the last is awaited with the others, so that none is lost.
  let told = Promise.resolve()
  const result = await deployRun({
    inventory,
    services,
    site,
    overrides,
    certificates,
    secrets: store.secrets,
    privateKey,
    registry: site.images.registry === undefined ? registry : { address: site.images.registry },
    lock: lock ?? noImages,
    ...(lock && { schemaDumps: readSchemaDumps(inState.schemas(paths), lock) }),
    accessFolder: inState.access(paths),
    ...{ verb, dryRun, scope, includeData },
    journal: runJournal(store.journal, run.id),
    clock,
    signal,
    onEvent: ({ kind, data }) => {
      told = told.then(() => tell(kind, data))
    },
  })
  await told
  if (result.failed.length > 0 && !dryRun) throw incomplete(result)
  return { ...result, warnings } as unknown as JsonObject
}

function incomplete({ failed, skipped }: DeployResult): BifrostError {
  const [first] = failed
  const detail = failed.map(({ step, message }) => `${step}: ${message}`).join("; ")
  const waiting = skipped.length > 0 ? ` (${skipped.length} steps that need them were not begun)` : ""
  return new BifrostError(serviceErrors.DEPLOY_INCOMPLETE, {
    detail: `${detail}${waiting}`,
    ...(failed.length === 1 && first && { remedy: first.remedy }),
  })
}

/** Nothing is locked before the first push. */
async function imagesLock(paths: Paths): Promise<ImagesLock> {
  try {
    return parseLock(await readFile(inState.imagesLock(paths), "utf8"))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return noImages
    throw cause
  }
}

/** A registry of the site's own has images that nobody here pushed; ours has none. */
function requireImages(lock: ImagesLock, { images }: SiteConfig): void {
  if (images.registry === undefined && Object.keys(lock.images).length === 0)
    throw new BifrostError(serviceErrors.LOCK_MISSING)
}
