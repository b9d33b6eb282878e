import { isIPv4, isIPv6 } from "node:net"
import type { Json, JsonObject } from "../store/records.ts"

/** What a reader of one value gives: the value, or what it expected instead. */
export type Read<T> = { readonly value: T } | { readonly expected: string }
export type Reader<T> = (raw: Json) => Read<T>

const trimmed = (raw: Json): string | undefined =>
  typeof raw === "string" ? raw.trim() : typeof raw === "number" ? String(raw) : undefined

const matching =
  (pattern: RegExp, expected: string, normal = (text: string) => text): Reader<string> =>
  (raw) => {
    const text = trimmed(raw)
    return text !== undefined && pattern.test(text) ? { value: normal(text) } : { expected }
  }

/** Any text on one line. */
export const text = matching(/^[^\p{Cc}]*$/u, "text without control characters")

/** As it stands: a password may begin or end with a space, and may look like a number. */
export const password: Reader<string> = (raw) =>
  typeof raw === "string" || typeof raw === "number" ? { value: String(raw) } : { expected: "text" }

/** RFC 1123 §2.1, which Ironic asks of a node's name as well. */
export const hostname: Reader<string> = (raw) => {
  const name = trimmed(raw)
  const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i
  const fits = name !== undefined && name.length <= 253 && name.split(".").every((part) => label.test(part))
  return fits ? { value: name } : { expected: "a host name: letters, digits and dashes, at most 63 between dots" }
}

export const uuid = matching(
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  "a uuid such as a8cb6624-0d9f-c882-affc-046ebb96ec01",
  (id) => id.toLowerCase(),
)

const macExpected = "a MAC address such as 52:54:00:aa:00:01"

/** Six pairs by colons or dashes, Cisco's three groups by dots, or twelve digits → lower case with colons. */
export const mac: Reader<string> = (raw) => {
  const given = trimmed(raw)?.toLowerCase() ?? ""
  const styles = [/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, /^[0-9a-f]{2}(-[0-9a-f]{2}){5}$/, /^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/]
  if (![...styles, /^[0-9a-f]{12}$/].some((style) => style.test(given))) return { expected: macExpected }
  const digits = given.replaceAll(/[^0-9a-f]/g, "")
  // Bit 0 of the first byte marks a group (IEEE 802 §8.2.2); all zeros is what broken firmware sends.
  if (Number.parseInt(digits.slice(0, 2), 16) & 1) return { expected: `${macExpected}, of one card and not of a group` }
  if (digits === "000000000000") return { expected: `${macExpected}, not zeros` }
  return { value: digits.match(/../g)!.join(":") }
}

/** An address or a host name; `[…]` around IPv6 is taken off. */
export const host: Reader<string> = (raw) => {
  const given = trimmed(raw)?.replace(/^\[(.*)\]$/, "$1") ?? ""
  if (isIPv4(given) || isIPv6(given)) return { value: given }
  // Digits and dots alone were meant to be an address.
  if (/^[\d.]*$/.test(given) || "expected" in hostname(given)) return { expected: "an IP address or a host name" }
  return { value: given }
}

/** Redfish takes a URL as well. */
export const bmcAddress: Reader<string> = (raw) => {
  const given = trimmed(raw) ?? ""
  return /^https?:\/\//.test(given) && URL.canParse(given) ? { value: given.replace(/\/+$/, "") } : host(given)
}

export const ipv4: Reader<string> = (raw) => {
  const given = trimmed(raw)
  return given !== undefined && isIPv4(given) ? { value: given } : { expected: "an IPv4 address such as 172.22.0.11" }
}

/** A mask in either notation → dotted. */
export const netmask: Reader<string> = (raw) => {
  const given = trimmed(raw)?.replace(/^\//, "") ?? ""
  if (/^\d{1,2}$/.test(given) && Number(given) <= 32) return { value: maskOf(Number(given)) }
  const dotted = Array.from({ length: 33 }, (_, bits) => maskOf(bits)).includes(given)
  return dotted ? { value: given } : { expected: "a netmask such as 255.255.255.0 or 24" }
}

export function maskOf(bits: number): string {
  const word = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 255).join(".")
}

export function integer(from: number, to: number, expected = `a number from ${from} to ${to}`): Reader<number> {
  return (raw) => {
    const given = trimmed(raw) ?? ""
    const value = Number(given)
    return /^\d{1,15}$/.test(given) && value >= from && value <= to ? { value } : { expected }
  }
}

export function oneOf<T extends string>(words: Readonly<Record<string, T>>): Reader<T> {
  const meanings = [...new Set(Object.values(words))].join(", ")
  const expected = meanings.includes(",") ? `one of ${meanings}` : meanings
  return (raw) => {
    const word = trimmed(raw)?.toLowerCase() ?? ""
    return Object.hasOwn(words, word) ? { value: words[word]! } : { expected }
  }
}

/** `control;network;compute`, also by commas, bars or spaces; or a list. */
export const groups: Reader<string[]> = (raw) => {
  const names = Array.isArray(raw) ? raw : (trimmed(raw) ?? "?!").split(/[;,|\s]+/).filter((name) => name !== "")
  const valid = names.filter((name) => typeof name === "string" && /^[a-z_][a-z0-9_.-]*$/i.test(name)) as string[]
  if (valid.length < names.length) return { expected: "names of groups such as control;network;compute" }
  return { value: [...new Set(valid)] }
}

/** The public file's line, or a line of ssh-keyscan with the host's name before it → algorithm and key. */
export const sshHostKey: Reader<string> = (raw) => {
  const [algorithm = "", key = ""] =
    /(ssh-ed25519)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(trimmed(raw) ?? "")?.slice(1) ?? []
  const blob = Buffer.from(key, "base64")
  // RFC 8709 §4: the algorithm's name, then 32 bytes, each with its length before it.
  const header = Buffer.from(`\0\0\0\x0b${algorithm}\0\0\0\x20`, "latin1")
  if (algorithm !== "" && blob.length === header.length + 32 && blob.subarray(0, header.length).equals(header))
    return { value: `${algorithm} ${key}` }
  return { expected: "an ed25519 host key: the line of /etc/ssh/ssh_host_ed25519_key.pub" }
}

/** Ironic's root-device hints. */
const hints = [
  "serial",
  "wwn",
  "wwn_with_extension",
  "wwn_vendor_extension",
  "model",
  "vendor",
  "name",
  "by_path",
  "hctl",
  "size",
  "rotational",
]
const hintsExpected = `hints such as serial=S1234;size=>= 100, of ${hints.join(", ")}`

/** `/dev/sda`, `serial=…;size=>= 100`, or an object; JSON text of an object too. */
export const rootDevice: Reader<JsonObject> = (raw) => {
  const given = typeof raw === "string" ? parseHints(raw.trim()) : raw
  if (given === null || typeof given !== "object" || Array.isArray(given)) return { expected: hintsExpected }
  const entries = Object.entries(given)
  const valid = entries.length > 0 && entries.every(([key, value]) => hints.includes(key) && isScalar(value))
  return valid ? { value: given } : { expected: hintsExpected }
}

function parseHints(given: string): Json {
  if (given.startsWith("/dev/disk/by-path/")) return { by_path: given }
  if (given.startsWith("/dev/")) return { name: given }
  if (given.startsWith("{")) return parseJson(given)
  const pairs = given.split(";").map((pair) => /^\s*(\w+)\s*[=:](.*)$/s.exec(pair))
  if (pairs.some((pair) => pair === null)) return null
  return Object.fromEntries(pairs.map((pair) => [pair![1]!.toLowerCase(), pair![2]!.trim()]))
}

function parseJson(given: string): Json {
  try {
    return JSON.parse(given)
  } catch {
    return null
  }
}

const isScalar = (value: Json | undefined) => ["string", "number", "boolean"].includes(typeof value)
