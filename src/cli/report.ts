import pc from "picocolors"
import { BifrostError, messageOf } from "../util/errors.ts"
import { ApiError } from "./client.ts"
import { cliErrors, exitCodes } from "./errors.ts"

/** Prints what went wrong and what to do next, and ends with the exit code for it. */
export function reportAndExit(error: unknown): never {
  if (error instanceof ApiError && error.faults.length > 0) {
    for (const { line, column, what, expected } of error.faults) {
      console.error(`${pc.red("error")} line ${line}, column ${column}: ${what}\n      expected ${expected}`)
    }
    const count = error.faults.length
    console.error(
      `\n${count} ${count === 1 ? "error" : "errors"}; nothing was changed. ${error.remedy} [${error.code}]`,
    )
    process.exit(exitCodes.failed)
  }
  console.error(`${pc.red("error")} ${messageOf(error)}`)
  if (error instanceof BifrostError) {
    console.error(`      ${error.remedy} [${error.code}]`)
  }
  if (process.env["BIFROST_DEBUG"] && error instanceof Error) console.error(error.stack)
  const down = error instanceof BifrostError && error.code === cliErrors.SERVICE_DOWN.code
  process.exit(down ? exitCodes.down : exitCodes.failed)
}
