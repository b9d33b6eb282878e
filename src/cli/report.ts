import pc from "picocolors"
import { BifrostError, messageOf } from "../util/errors.ts"

/** Prints what went wrong and what to do next, and ends with exit code 1. */
export function reportAndExit(error: unknown): never {
  console.error(`${pc.red("error")} ${messageOf(error)}`)
  if (error instanceof BifrostError) {
    console.error(`      ${error.remedy} [${error.code}]`)
  }
  if (process.env.BIFROST_DEBUG && error instanceof Error) console.error(error.stack)
  process.exit(1)
}
