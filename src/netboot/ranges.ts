/** Bytes to send, both ends included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * RFC 9110 §14.2 for a file of `size` bytes. Undefined: the whole file, also for several ranges or another unit, which a
 * server may pass over. "unsatisfiable": 416.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "")
  if (!match) return undefined
  const [, first = "", last = ""] = match
  if (first === "" && last === "") return undefined
  if (first === "") {
    const length = Number(last)
    return length === 0 || size === 0 ? "unsatisfiable" : { start: Math.max(size - length, 0), end: size - 1 }
  }
  const start = Number(first)
  if (start >= size) return "unsatisfiable"
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1)
  return end < start ? undefined : { start, end }
}

/** RFC 9110 §13.1.2: whether If-None-Match names the tag, weakly compared. */
export function matchesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.trim() === "*" || header.split(",").some((each) => each.trim().replace(/^W\//, "") === tag)
}
