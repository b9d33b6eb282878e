/** What a kind of failure is: HTTP status for the API, one sentence, and what the reader should do next. */
export interface ErrorKind {
  readonly status: number
  readonly summary: string
  readonly remedy: string
}

export type CodedKind = ErrorKind & { readonly code: string }

/** Declares a room's kinds of failure. Keys become codes; `docs/reference/errors.md` is made from these tables. */
export function defineErrors<const T extends Record<string, ErrorKind>>(
  kinds: T,
): { readonly [K in keyof T]: T[K] & { readonly code: K & string } } {
  const coded = Object.entries(kinds).map(([code, kind]) => [code, { ...kind, code }])
  return Object.fromEntries(coded)
}

export interface ErrorContext {
  /** Name or uuid of the node that it happened to. */
  readonly node?: string
  /** What happened, with the values seen. Never a secret. */
  readonly detail?: string
  readonly expected?: string
  /** Replaces the kind's general remedy by one for this case. */
  readonly remedy?: string
  readonly cause?: unknown
}

/** The one error that crosses rooms: what happened, to which node, what was expected, what to do next. */
export class BifrostError extends Error {
  readonly code: string
  readonly status: number
  readonly node: string | undefined
  readonly detail: string | undefined
  readonly expected: string | undefined
  readonly remedy: string

  constructor(kind: CodedKind, context: ErrorContext = {}) {
    const where = context.node === undefined ? "" : `${context.node}: `
    const detail = context.detail === undefined ? "" : `: ${context.detail}`
    const expected = context.expected === undefined ? "" : ` (expected ${context.expected})`
    super(`${where}${kind.summary}${detail}${expected}`, { cause: context.cause })
    this.name = "BifrostError"
    this.code = kind.code
    this.status = kind.status
    this.node = context.node
    this.detail = context.detail
    this.expected = context.expected
    this.remedy = context.remedy ?? kind.remedy
  }

  toJSON() {
    return { code: this.code, message: this.message, node: this.node, expected: this.expected, remedy: this.remedy }
  }
}

/** Whether something thrown is of one of these kinds. */
export function isCode(error: unknown, ...kinds: readonly CodedKind[]): error is BifrostError {
  return error instanceof BifrostError && kinds.some(({ code }) => code === error.code)
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
