import type { JsonObject } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { readCount } from "../body.ts"
import { apiErrors } from "../errors.ts"

/** Ironic's own limit. */
const MOST = 1000

export interface Paging {
  readonly limit?: string
  readonly marker?: string
  readonly sort_key?: string
  readonly sort_dir?: string
}
export const pagingNames = ["limit", "marker", "sort_key", "sort_dir"] as const

/** Sorts and cuts a list as Ironic does: `marker` is the uuid of the last one seen. Tells whether there is more. */
export function page<R extends { uuid: string }>(records: readonly R[], query: Paging): { page: R[]; more: boolean } {
  const key = (query.sort_key ?? "uuid") as keyof R
  const sorted = query.sort_key === undefined ? [...records] : records.toSorted((a, b) => order(a[key], b[key]))
  if (query.sort_dir === "desc") sorted.reverse()
  const at = query.marker === undefined ? -1 : sorted.findIndex((record) => record.uuid === query.marker)
  if (query.marker !== undefined && at < 0) {
    throw new BifrostError(apiErrors.FIELD_INVALID, {
      detail: `?marker=${query.marker.slice(0, 80)}`,
      expected: "the uuid of one in the list",
    })
  }
  // Ironic's clients send limit=0 for "no limit".
  const limit = readCount("limit", query.limit, MOST) || MOST
  return { page: sorted.slice(at + 1, at + 1 + limit), more: sorted.length > at + 1 + limit }
}

const order = (a: unknown, b: unknown) => String(a ?? "").localeCompare(String(b ?? ""), "en", { numeric: true })

/** The address of the next page, with everything else of the query kept. */
export function nextPage(url: string, host: string, last: string): JsonObject {
  const next = new URL(url, `http://${host || "localhost"}`)
  next.searchParams.set("marker", last)
  return { next: next.href }
}
