import { isDeepStrictEqual } from "node:util"
import type { Json, JsonObject } from "../store/records.ts"
import { BifrostError } from "../util/errors.ts"
import { apiErrors } from "./errors.ts"

const operations = ["add", "replace", "remove", "test"]

/**
 * RFC 6902 as far as Ironic's clients use it (no move, no copy), on a copy of `document`. As in Ironic, `replace` of a
 * field that is not there adds it. All or nothing.
 */
export function applyPatch<T extends JsonObject>(document: T, patch: unknown): T {
  if (!Array.isArray(patch)) throw invalid("the body", "a JSON Patch: a list of {op, path, value}")
  const result = structuredClone(document)
  for (const [index, entry] of patch.entries()) applyOne(result, entry, `entry ${index + 1} of the patch`)
  return result
}

function applyOne(document: JsonObject, entry: unknown, which: string): void {
  const { op, path, value } = (entry ?? {}) as { op?: unknown; path?: unknown; value?: Json }
  if (typeof op !== "string" || !operations.includes(op)) throw invalid(`op of ${which}`, operations.join(", "))
  if (typeof path !== "string" || !/^\/./.test(path))
    throw invalid(`path of ${which}`, "a path such as /driver_info/ipmi_address")
  if (op !== "remove" && value === undefined) throw invalid(`value of ${which}`, "a value")
  const parts = path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
  if (parts.some((part) => part === "__proto__")) throw invalid(`path of ${which}`, "another name")
  const last = parts.pop()!
  let target: Json = document
  for (const part of parts) target = member(target, part) ?? missing(path)
  if (Array.isArray(target)) changeList(target, op, last, value, path)
  else if (target !== null && typeof target === "object") changeObject(target, op, last, value, path)
  else missing(path)
}

function changeObject(target: JsonObject, op: string, key: string, value: Json | undefined, path: string): void {
  if (op === "remove" && !Object.hasOwn(target, key)) missing(path)
  if (op === "test") compare(target[key], value, path)
  else if (op === "remove") delete target[key]
  else target[key] = value!
}

function changeList(target: Json[], op: string, key: string, value: Json | undefined, path: string): void {
  const at = key === "-" && op === "add" ? target.length : /^(0|[1-9]\d*)$/.test(key) ? Number(key) : -1
  if (at < 0 || at > target.length || (at === target.length && op !== "add")) missing(path)
  if (op === "test") compare(target[at], value, path)
  else if (op === "add") target.splice(at, 0, value!)
  else if (op === "remove") target.splice(at, 1)
  else target[at] = value!
}

function member(target: Json, key: string): Json | undefined {
  if (target === null || typeof target !== "object") return undefined
  if (Array.isArray(target)) return /^\d+$/.test(key) ? target[Number(key)] : undefined
  return Object.hasOwn(target, key) ? target[key] : undefined
}

function compare(found: Json | undefined, wanted: Json | undefined, path: string): void {
  if (!isDeepStrictEqual(found, wanted)) throw invalid(`the test of ${path} failed`, "the value that is stored")
}

function missing(path: string): never {
  throw invalid(`${path.slice(0, 200)} is not there`, "a path that exists")
}

const invalid = (detail: string, expected: string) => new BifrostError(apiErrors.REQUEST_INVALID, { detail, expected })
