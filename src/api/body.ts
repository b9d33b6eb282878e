import { isObject, type Json, type JsonObject } from "../store/records.ts"
import { BifrostError } from "../util/errors.ts"
import { apiErrors } from "./errors.ts"

/** What a field may hold: a test, and its name for the message. */
export interface Kind<T extends Json = Json> {
  readonly expected: string
  is(value: Json): value is T
}

const kind = <T extends Json>(expected: string, is: (value: Json) => boolean): Kind<T> => ({
  expected,
  is: is as (value: Json) => value is T,
})
const isUuid = (value: Json) => typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)

export const kinds = {
  text: kind<string>("text", (value) => typeof value === "string"),
  textOrNull: kind<string | null>("text or null", (value) => value === null || typeof value === "string"),
  boolean: kind<boolean>("true or false", (value) => typeof value === "boolean"),
  object: kind<JsonObject>("an object", isObject),
  uuid: kind<string>("a uuid", isUuid),
  uuidOrNull: kind<string | null>("a uuid or null", (value) => value === null || isUuid(value)),
  texts: kind<string[]>(
    "a list of texts",
    (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
  ),
  objects: kind<JsonObject[]>("a list of objects", (value) => Array.isArray(value) && value.every(isObject)),
  // JSON has no infinity, but 1e999 is read as one.
  number: kind<number>("a number", Number.isFinite),
  any: kind<Json>("any value", () => true),
} as const

export function readObject(body: unknown): JsonObject {
  if (body !== null && typeof body === "object" && !Array.isArray(body)) return body as JsonObject
  throw new BifrostError(apiErrors.REQUEST_INVALID, { detail: "the body", expected: "a JSON object" })
}

/** The body as an object that has only the fields of `fields`; everything else is one clear error. */
export function readBody<F extends Record<string, Kind>>(
  body: unknown,
  fields: F,
): { [K in keyof F]?: F[K] extends Kind<infer T> ? T : never } {
  const given = readObject(body ?? {})
  for (const [name, value] of Object.entries(given)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (!field) {
      const expected = `one of ${Object.keys(fields).join(", ")}`
      throw new BifrostError(apiErrors.FIELD_UNKNOWN, { detail: name.slice(0, 80), expected })
    }
    checkField(name, value, field)
  }
  return given as never
}

export function checkField(name: string, value: Json, { is, expected }: Kind): void {
  if (!is(value)) throw new BifrostError(apiErrors.FIELD_INVALID, { detail: name, expected })
}

export function required<T>(name: string, value: T | undefined): T {
  if (value !== undefined) return value
  throw new BifrostError(apiErrors.FIELD_INVALID, { detail: `${name} is missing`, expected: name })
}

/** The query string, where each name may stand once. */
export function readQuery<N extends string>(query: unknown, names: readonly N[]): Partial<Record<N, string>> {
  const given = query as Record<string, unknown>
  for (const [name, value] of Object.entries(given)) {
    if (!(names as readonly string[]).includes(name)) {
      const expected = `one of ${names.join(", ")}`
      throw new BifrostError(apiErrors.FIELD_UNKNOWN, { detail: `?${name.slice(0, 80)}`, expected })
    }
    if (typeof value !== "string")
      throw new BifrostError(apiErrors.FIELD_INVALID, { detail: `?${name}`, expected: "it once" })
  }
  return given as Partial<Record<N, string>>
}

export function readFlag(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined
  if (/^(true|1|t|yes|y|on)$/i.test(value)) return true
  if (/^(false|0|f|no|n|off)$/i.test(value)) return false
  throw new BifrostError(apiErrors.FIELD_INVALID, {
    detail: `?${name}=${value.slice(0, 40)}`,
    expected: "true or false",
  })
}

export function readCount(name: string, value: string | undefined, most: number): number | undefined {
  if (value === undefined) return undefined
  const count = Number(value)
  if (/^\d{1,15}$/.test(value)) return Math.min(count, most)
  throw new BifrostError(apiErrors.FIELD_INVALID, { detail: `?${name}=${value.slice(0, 40)}`, expected: "a number" })
}
