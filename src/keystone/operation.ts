import type { Change } from "../graph/step.ts"
import type { Method } from "./exchange.ts"
import type { Kind } from "./records.ts"

/** A difference between what Keystone has and what it should have, and the request that ends it. */
export interface Operation {
  readonly change: Change
  /** The records that it changes. */
  readonly kind: Kind
  /** Absent while something that it refers to is still to be made. */
  readonly request?: { readonly method: Method; readonly path: string; readonly body?: unknown }
}
