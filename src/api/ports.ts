import type { Readable } from "node:stream"
import type { Conductor, Explanation } from "../conductor/port.ts"
import type { CarriedUnit } from "../deploy/carried.ts"
import type { Store } from "../store/port.ts"
import type { JsonObject, RunRecord } from "../store/records.ts"
import type { Clock } from "../util/clock.ts"

/** What `POST /v1/runs` takes; without `kind` it becomes RunRecord.request. The run engine checks it. */
export type RunRequest = JsonObject & {
  /** `provision`, or a verb of the deployer on the nodes that are active: `deploy`, `pull`, `stop`, `start`, `destroy`, … */
  kind: string
  /** provision: names or uuids; empty means every node that is not in maintenance. */
  nodes?: string[]
  /** provision: go on to the deployer once all nodes are active. */
  then_deploy?: boolean
  /** provision: image for these nodes, instead of their own or the built-in one. */
  image?: string
  /** deploy: only tell what would change. */
  dry_run?: boolean
  /** deploy: only these services. */
  only?: string[]
  /** deploy: only on these hosts. */
  hosts?: string[]
  /** deploy: a service or a step; this, what it comes after, and no more. */
  until?: string
  /** deploy: bring about what was left out and is not as wanted, instead of stopping at it. */
  with_dependencies?: boolean
  /** destroy: volumes too. */
  include_data?: boolean
  /** destroy: the site's region, or nothing is done. */
  confirm?: string
}

/** Carries out what spans nodes. Each run's progress is in the store's events, under its id. */
export interface Runs {
  /** Checks the request, records the run and begins it. Rejects while another run has one of the nodes. */
  start(request: RunRequest): Promise<RunRecord>
  /** Asks the run to stop; resolves when that is recorded. NOT_FOUND for an unknown id. */
  abort(id: string): Promise<RunRecord>
}

/** What runs on the hosts. Containers are named as service definitions name them. */
export interface SiteServices {
  list(): Promise<CarriedUnit[]>
  /** Its last lines, and with `follow` what comes, until the stream is destroyed; secrets masked. */
  logs(
    container: string,
    options: { readonly host?: string; readonly tail: number; readonly follow: boolean },
  ): Promise<Readable>
  exec(container: string, options: ExecOptions): Promise<{ code: number; stdout: string; stderr: string }>
}

export interface ExecOptions {
  readonly host?: string
  readonly user?: string
  readonly command: readonly string[]
  readonly signal: AbortSignal
}

/** What `GET /v1/nodes/:node/explain` answers. */
export type { Explanation }

export interface ApiOptions {
  readonly store: Store
  readonly conductor: Conductor
  readonly runs: Runs
  /** Absent where no service runs on hosts. */
  readonly services?: SiteServices
  readonly clock: Clock
  /** What this service calls itself in `/v1/conductors`. */
  readonly hostname: string
  /** Asked for HTTP basic credentials when given. */
  readonly authenticate?: (user: string, password: string) => Promise<boolean>
  /** Told of failures that are ours (status ≥ 500). */
  readonly onFailure?: (error: unknown) => void
}
