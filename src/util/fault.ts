/** Where in the file: both count from 1, in characters. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** One thing wrong with the file. Never holds the value of a password. */
export interface Fault extends Place {
  readonly what: string
  readonly expected: string
}

export function fault(place: Place, what: string, expected: string): Fault {
  return { line: place.line, column: place.column, what, expected }
}

export function inOrder(faults: readonly Fault[]): Fault[] {
  return faults.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

/** A value of the file for a message: short, and on one line. */
export function quoted(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? "nothing")
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
