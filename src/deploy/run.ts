import type { StepGraph } from "../graph/graph.ts"
import type { StepJournal } from "../graph/journal.ts"
import type { GraphEvent, StepResult } from "../graph/result.ts"
import { runGraph } from "../graph/run.ts"
import type { Change } from "../graph/step.ts"
import type { SecretStore } from "../store/port.ts"
import type { JsonObject } from "../store/records.ts"
import { sshTransport } from "../transport/ssh.ts"
import type { Clock } from "../util/clock.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { accessFiles } from "./access-step.ts"
import { deployErrors } from "./errors.ts"
import { deployHost } from "./host.ts"
import type { Inventory } from "./inventory.ts"
import type { ImagesLock } from "./lock.ts"
import { noOverrides, type Overrides } from "./overrides.ts"
import type { SchemaDumps } from "./schema-dumps.ts"
import type { Scope } from "./scope.ts"
import { formerSecrets, givenSecrets, siteSecrets } from "./secrets.ts"
import type { ServiceDefinition } from "./service.ts"
import type { SiteConfig } from "./site.ts"
import type { FrontCertificates } from "./tls/certificate.ts"
import { type Verb, verbs } from "./verbs.ts"

export interface DeployRequest {
  readonly inventory: Inventory
  readonly services: readonly ServiceDefinition[]
  readonly site: SiteConfig
  /** The operator's own layers over the services' configuration. */
  readonly overrides?: Overrides
  readonly secrets: SecretStore
  /** Of the virtual addresses under HTTPS. */
  readonly certificates?: FrontCertificates
  /** The key that opens the hosts. */
  readonly privateKey: Secret
  readonly registry: {
    /** host:port as the hosts reach it. */
    readonly address: string
    /** PEM; absent for a registry that the hosts trust already. */
    readonly ca?: string
  }
  readonly lock: ImagesLock
  /** What empty databases may be loaded with instead of being migrated. */
  readonly schemaDumps?: SchemaDumps
  /** Directory for openrc.sh and clouds.yaml. */
  readonly accessFolder: string
  /** What of the deployment to do; all of it when not given. */
  readonly scope?: Scope
  /** What to do; `deploy` when not given. */
  readonly verb?: Verb
  /** destroy: volumes too. */
  readonly includeData?: boolean
  /** Only look and say what would be done: nothing is written, on hosts or here. */
  readonly dryRun?: boolean
  /** With the same journal a run goes on where an earlier process of it died. */
  readonly journal?: StepJournal
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onEvent?: (event: DeployEvent) => void
}

/** Ready for the store's event log; `data` holds no secret. */
export interface DeployEvent {
  readonly kind: "run.plan" | "run.step" | "run.pull"
  readonly data: JsonObject
}

export interface PlannedChange extends Change {
  readonly step: string
}

export interface DeployResult {
  readonly dryRun: boolean
  readonly region: string
  /** What differed from what is wanted; empty: nothing was to do. Without `dryRun` it has been done, unless its step failed. */
  readonly planned: readonly PlannedChange[]
  /** Ids of steps that changed something. */
  readonly changed: readonly string[]
  readonly failed: readonly {
    readonly step: string
    readonly code: string
    readonly message: string
    readonly remedy: string
  }[]
  readonly skipped: readonly { readonly step: string; readonly because: readonly string[] }[]
  /** What the operator wrote that has no effect, or might not mean what it says. */
  readonly warnings?: readonly string[]
  /** Service → URL. */
  readonly endpoints: Readonly<Record<string, string>>
  readonly access: { readonly openrc: string; readonly clouds: string }
  readonly criticalPath: readonly { readonly step: string; readonly seconds: number }[]
  readonly seconds: number
}

const limitOf = (resource: string) => (resource.endsWith("/pull") ? 2 : 1)

/**
 * Makes the hosts what the definitions say, or with `dryRun` says what that would take. Failed steps are in the result;
 * it rejects when the request itself is unsound or the signal aborts.
 */
export async function deployRun(request: DeployRequest): Promise<DeployResult> {
  const { inventory, services, clock, signal, onEvent, dryRun = false, verb = "deploy" } = request
  if (inventory.hosts.length === 0) throw new BifrostError(deployErrors.NO_HOST)
  const startedAt = clock.now()
  const secrets = await siteSecrets(services, request.secrets, dryRun || verb !== "deploy")
  const former = [...(await formerSecrets(request.secrets)), ...givenSecrets(request.overrides ?? noOverrides)]
  const hosts = new Map(
    inventory.hosts.map((entry) => [
      entry.name,
      deployHost(entry, sshTransport(entry, request.privateKey, clock), clock),
    ]),
  )
  try {
    const { graph, endpoints } = verbs[verb]({
      ...request,
      scope: request.scope ?? {},
      includeData: request.includeData ?? false,
      dryRun,
      hosts,
      secrets,
      former,
      onPull: (host, { image, done, total }) => onEvent?.({ kind: "run.pull", data: { host, image, done, total } }),
    })
    onEvent?.({ kind: "run.plan", data: planData(graph, dryRun) })
    const { steps, criticalPath } = await runGraph(graph, {
      clock,
      signal,
      dryRun,
      limit: limitOf,
      ...(request.journal && !dryRun && { journal: request.journal }),
      onEvent: (event) => onEvent?.({ kind: "run.step", data: stepData(event) }),
    })
    const seconds = new Map(steps.map(({ id, startedAt: from, endedAt }) => [id, (endedAt - from) / 1000]))
    return {
      dryRun,
      region: request.site.region,
      planned: steps.flatMap(({ id, changes }) => changes.map((change) => ({ step: id, ...change }))),
      changed: steps.filter(({ status }) => status === "changed").map(({ id }) => id),
      failed: steps.filter(({ status }) => status === "failed").map(failure),
      skipped: steps
        .filter(({ status }) => status === "skipped")
        .map(({ id, because = [] }) => ({ step: id, because })),
      endpoints,
      access: accessFiles(request.accessFolder),
      criticalPath: criticalPath.map((step) => ({ step, seconds: seconds.get(step) ?? 0 })),
      seconds: (clock.now() - startedAt) / 1000,
    }
  } finally {
    for (const { transport } of hosts.values()) transport.close()
  }
}

/** What `deployRun` would do. */
export const planDeploy = (request: Omit<DeployRequest, "dryRun">) => deployRun({ ...request, dryRun: true })

function failure({ id, error }: StepResult): DeployResult["failed"][number] {
  const known = error instanceof BifrostError ? error : undefined
  return {
    step: id,
    code: known?.code ?? "INTERNAL",
    message: messageOf(error),
    remedy: known?.remedy ?? "Run the command again.",
  }
}

/** Enough to draw the graph and to find its critical path when all is over. */
function planData({ steps }: StepGraph, dryRun: boolean): JsonObject {
  const after = Object.fromEntries(steps.map(({ id, after: others }) => [id, [...others]]))
  return { dry_run: dryRun, steps: steps.map(({ id }) => id), after }
}

function stepData(event: GraphEvent): JsonObject {
  const { step } = event
  if (event.kind === "begin") return { step, phase: "begin" }
  const listed = (changes: readonly Change[]) =>
    changes.map(({ action, target, reason }) => ({ action, target, reason: reason ?? null }))
  if (event.kind === "apply") return { step, phase: "apply", changes: listed(event.changes) }
  const { status, changes, startedAt, endedAt, waited, error, because } = event.result
  return {
    step,
    phase: "end",
    status,
    changes: listed(changes),
    seconds: (endedAt - startedAt) / 1000,
    waited: waited / 1000,
    started_at: startedAt,
    ended_at: endedAt,
    error: error === undefined ? null : messageOf(error),
    because: [...(because ?? [])],
  }
}
