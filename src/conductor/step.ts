import type { Store } from "../store/port.ts"
import type { JsonObject, NodeRecord } from "../store/records.ts"
import type { Clock } from "../util/clock.ts"
import type { AgentClient } from "./agent-client.ts"
import type { ConfigDriveRequest } from "./config-drive.ts"
import type { Drivers } from "./drivers/types.ts"
import type { Operation } from "./operation.ts"
import type { OsProbe } from "./os-probe.ts"
import type { limits, Phase } from "./phases.ts"

/** What the conductor is put together from. Everything that reaches outside the process is here. */
export interface Tools {
  readonly store: Store
  readonly clock: Clock
  readonly drivers: Drivers
  readonly agent: (node: NodeRecord) => Promise<AgentClient>
  readonly probe: OsProbe
  /** → gzip + base64 of the ISO 9660 image. */
  readonly configDrive: (request: ConfigDriveRequest) => Promise<string>
  /** Folder of NAME.json and the images beside them. */
  readonly imagesDir: string
  /** As nodes reach it: `http://172.22.0.1:8080`. */
  readonly serviceUrl: string
  readonly fetch: typeof fetch
  readonly phases: { readonly networkBoot: readonly Phase[]; readonly systemBoot: readonly Phase[] }
  readonly limits: { readonly [K in keyof typeof limits]: number }
  /** Erase the disks' metadata on the way to available. Off as in Bifrost. */
  readonly automatedClean: boolean
}

/** One run of one step; after a crash the step is run again with what it had noted. */
export interface StepRun {
  readonly tools: Tools
  readonly node: NodeRecord
  readonly operation: Operation
  readonly signal: AbortSignal
  /** What this step noted before it was cut off; `event` and `at` of its beginning always. */
  readonly data: JsonObject & { readonly event: number; readonly at: number }
  /** True when an earlier process began the step. */
  readonly repeated: boolean
  /** What a finished step of this attempt left. */
  earlier(step: string): JsonObject
  note(data: JsonObject): Promise<void>
  /** Changes the node's record, unless the operation was superseded. */
  amend(
    change: (node: NodeRecord, store: Store) => Partial<NodeRecord> | Promise<Partial<NodeRecord>>,
  ): Promise<NodeRecord>
}

export interface Step {
  readonly name: string
  /** In which of the operation's two states it runs: while it acts, or while it waits for the machine. */
  readonly where: "work" | "wait"
  /** May be called again after being cut off anywhere. What it returns is kept in the journal for later steps. */
  run(run: StepRun): Promise<JsonObject | undefined>
  /** For a wait: what is waited for, in order. The step notes `since` (an event's id) and `from` (ms). */
  readonly phases?: (tools: Tools) => readonly Phase[]
}
