/** One difference between what is and what should be, in words for people and in fields for programs. No secrets. */
export interface Change {
  readonly action: "create" | "update" | "recreate" | "start" | "restart" | "stop" | "remove" | "pull" | "run"
  /** What is changed, e.g. `container keystone`. */
  readonly target: string
  readonly reason?: string
  /** Lines of a unified diff, secrets masked. */
  readonly diff?: readonly string[]
}

/** `create container keystone (reason)` */
export const changeWords = ({ action, target, reason }: Change) =>
  `${action} ${target}${reason === undefined ? "" : ` (${reason})`}`

/**
 * A piece of desired state that can be looked at, compared and brought about; every method may be called again after any
 * crash. Methods (not function properties), so that `Step<Seen>` fits into a graph of `Step<unknown>`.
 */
export interface Step<Seen = unknown> {
  /** Unique, e.g. `host1/container/keystone`. */
  readonly id: string
  /** Ids of steps that must have succeeded before this one starts. */
  readonly after: readonly string[]
  /** Of `after`, those that only some changes have to wait for: the step is looked at before, and others are applied before. */
  readonly lenient?: { readonly ids: readonly string[]; readonly waits: (changes: readonly Change[]) => boolean }
  /** Reads only. It must bear that what earlier steps would make is not there yet: a dry run changes nothing. */
  inspect(signal: AbortSignal): Promise<Seen>
  /** Pure. No change means nothing to do. */
  plan(seen: Seen): readonly Change[]
  /** Names of what applying these changes uses; the runner limits how many steps use one at a time. */
  resources?(changes: readonly Change[]): readonly string[]
  apply(changes: readonly Change[], signal: AbortSignal): Promise<void>
  /** Proof beyond `plan(inspect())` being empty; throws when it does not hold. */
  verify?(signal: AbortSignal): Promise<void>
}
