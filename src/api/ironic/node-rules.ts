import { hostname } from "../../enroll/values.ts"
import { supportedDrivers } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { kinds } from "../body.ts"
import { apiErrors } from "../errors.ts"

export type Driver = (typeof supportedDrivers)[number]
export const isDriver = (name: string): name is Driver => (supportedDrivers as readonly string[]).includes(name)

/** A host name, and not a uuid: both identify nodes in URLs. `detail` and the like are paths of their own. */
export function checkName(name: string | null | undefined): void {
  if (name === undefined || name === null) return
  const read = hostname(name)
  const expected = "expected" in read ? read.expected : "a name that is neither a uuid nor a word of the API's paths"
  const reserved = kinds.uuid.is(name) || ["detail", "validate"].includes(name)
  if ("expected" in read || reserved) throw new BifrostError(apiErrors.FIELD_INVALID, { detail: "name", expected })
}

export function checkDriver(driver: string | undefined): void {
  if (driver === undefined || isDriver(driver)) return
  throw new BifrostError(apiErrors.FIELD_INVALID, {
    detail: `driver ${driver.slice(0, 40)}`,
    expected: supportedDrivers.join(" or "),
  })
}
