import { readFile } from "node:fs/promises"
import { BifrostError, messageOf } from "../util/errors.ts"
import { cliErrors } from "./errors.ts"

/** A file's text; `-` is standard input. Throws FILE_UNREADABLE. */
export async function readInput(file: string): Promise<string> {
  try {
    return await readFile(file === "-" ? "/dev/stdin" : file, "utf8")
  } catch (cause) {
    throw new BifrostError(cliErrors.FILE_UNREADABLE, { detail: messageOf(cause), cause })
  }
}
