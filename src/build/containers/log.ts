import { createWriteStream, mkdirSync, type WriteStream } from "node:fs"
import { join } from "node:path"
import { finished } from "node:stream/promises"

export const logFolder = (cache: string) => join(cache, "logs", "images")

/** NAME.log of an image's latest build: every line that the engine and the programs in the build said. */
export class BuildLog {
  readonly #file: WriteStream | undefined

  /** Without a folder nothing is written. */
  constructor(image: string, folder: string | undefined) {
    if (folder === undefined) return
    mkdirSync(folder, { recursive: true })
    this.#file = createWriteStream(BuildLog.path(image, folder))
    // A full disk must not end the build; the error then simply has no log to point at.
    this.#file.on("error", () => {})
  }

  static path(image: string, folder: string): string {
    return join(folder, `${image}.log`)
  }

  write(line: string): void {
    this.#file?.write(`${line}\n`)
  }

  async end(): Promise<void> {
    if (!this.#file) return
    this.#file.end()
    await finished(this.#file).catch(() => {})
  }
}
