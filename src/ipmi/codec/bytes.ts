import { BifrostError } from "../../util/errors.ts"
import { ipmiErrors } from "../errors.ts"

export function malformed(detail: string): BifrostError {
  return new BifrostError(ipmiErrors.IPMI_MALFORMED, { detail })
}

/** Throws IPMI_MALFORMED unless `bytes` holds at least `length` bytes. */
export function need(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length < length) throw malformed(`${what} has ${bytes.length} bytes, at least ${length} are needed`)
}

/** The name whose number is `value` in one of the tables of types.ts. */
export function nameOf<Name extends string>(table: Readonly<Record<Name, number>>, value: number): Name | undefined {
  return (Object.keys(table) as Name[]).find((name) => table[name] === value)
}

/** Text up to the first NUL, as BMCs pad names. */
export function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("latin1")
}
