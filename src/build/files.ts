import { createReadStream, createWriteStream } from "node:fs"
import { pipeline } from "node:stream/promises"

/** Writes the files one after the other into `to`, each begun on a 4-byte boundary as initramfs archives must be. */
export async function concatenate(files: readonly string[], to: string): Promise<void> {
  const out = createWriteStream(to)
  await pipeline(async function* () {
    for (const file of files) {
      let length = 0
      for await (const chunk of createReadStream(file)) {
        length += (chunk as Buffer).length
        yield chunk as Buffer
      }
      if (length % 4) yield Buffer.alloc(4 - (length % 4))
    }
  }, out)
}
