import { Worker } from "node:worker_threads"
import { BifrostError } from "../../util/errors.ts"
import { agentErrors } from "../errors.ts"
import type { ImageInfo } from "../protocol.ts"

export interface Checksum {
  readonly algorithm: "sha256" | "sha512"
  /** Lower-case hex, or the URL of a checksums file. */
  readonly value: string
}

const hexLengths: Record<Checksum["algorithm"], number> = { sha256: 64, sha512: 128 }

/** The checksum that an image must have, or undefined when none is asked for. Anything weaker than SHA-256 is refused. */
export function checksumOf(image: ImageInfo): Checksum | undefined {
  const value = (image.os_hash_value ?? image.checksum)?.trim()
  if (!value) return undefined
  const isUrl = /^https?:\/\//.test(value)
  const byLength = value.length === hexLengths.sha512 ? "sha512" : "sha256"
  const algorithm = image.os_hash_algo?.toLowerCase() ?? byLength
  if (algorithm !== "sha256" && algorithm !== "sha512") {
    throw new BifrostError(agentErrors.CHECKSUM_UNSUPPORTED, { detail: algorithm, expected: "sha256 or sha512" })
  }
  if (!isUrl && !new RegExp(`^[0-9a-f]{${hexLengths[algorithm]}}$`, "i").test(value)) {
    const expected = `${hexLengths[algorithm]} hexadecimal digits (${algorithm})`
    throw new BifrostError(agentErrors.CHECKSUM_UNSUPPORTED, { detail: `"${value}"`, expected })
  }
  return { algorithm, value: isUrl ? value : value.toLowerCase() }
}

/**
 * Finds an image's line in a checksums file: `<hex>  <name>`, `<hex> *<name>` (coreutils), `SHA256 (<name>) = <hex>`
 * (BSD), or one bare value.
 */
export function checksumFromFile(text: string, name: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim())
  const gnu = lines.map((line) => /^([0-9a-fA-F]{64,128})\s+\*?(?:\.\/)?(.+)$/.exec(line)).find((m) => m?.[2] === name)
  const bsd = lines.map((line) => /^\w+ \((.+)\) = ([0-9a-fA-F]{64,128})$/.exec(line)).find((m) => m?.[1] === name)
  const bare = lines.filter((line) => line !== "").length === 1 ? /^[0-9a-fA-F]{64,128}$/.exec(lines.join("")) : null
  return (gnu?.[1] ?? bsd?.[2] ?? bare?.[0])?.toLowerCase()
}

/** Runs in the worker: it has nothing but what it is given and Node's own modules. */
function hashWorker() {
  const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads")
  const hash = process.getBuiltinModule("node:crypto").createHash(workerData)
  parentPort?.on("message", ({ block, length }: { block?: ArrayBuffer; length: number }) => {
    if (!block) {
      parentPort.postMessage({ digest: hash.digest("hex") })
      parentPort.close()
      return
    }
    hash.update(new Uint8Array(block, 0, length))
    parentPort.postMessage({ block }, [block])
  })
}

const BLOCK = 1024 * 1024
/** Blocks in flight: what the hash may lag behind the transfer. */
const BLOCKS = 6

/**
 * Hashes a stream on a thread of its own, so that hashing, decompression (libuv's pool) and the network share a
 * machine's processors. Memory is bounded: BLOCKS blocks that go back and forth; `update` waits when all are away.
 */
export class StreamHash {
  readonly #worker: Worker
  readonly #free: ArrayBuffer[] = Array.from({ length: BLOCKS }, () => new ArrayBuffer(BLOCK))
  #filling: Uint8Array | undefined
  #filled = 0
  #waiting: (() => void) | undefined
  readonly #digest: Promise<string>

  constructor(algorithm: Checksum["algorithm"]) {
    this.#worker = new Worker(`(${hashWorker})()`, { eval: true, workerData: algorithm })
    this.#digest = new Promise((resolve, reject) => {
      this.#worker.on("error", reject)
      this.#worker.on("message", ({ block, digest }: { block?: ArrayBuffer; digest?: string }) => {
        if (digest !== undefined) return resolve(digest)
        if (block) this.#free.push(block)
        this.#waiting?.()
      })
    })
    this.#digest.catch(() => this.#waiting?.())
  }

  /** Takes a copy of the bytes; returns a promise only when the caller must wait. */
  update(bytes: Uint8Array): Promise<void> | undefined {
    let rest = bytes
    while (rest.length > 0) {
      this.#filling ??= this.#nextBlock()
      if (!this.#filling) return this.#freed().then(() => this.update(rest))
      const part = rest.subarray(0, BLOCK - this.#filled)
      this.#filling.set(part, this.#filled)
      this.#filled += part.length
      rest = rest.subarray(part.length)
      if (this.#filled === BLOCK) this.#send()
    }
    return undefined
  }

  /** Hex digest of everything; call once, after the last update. */
  digest(): Promise<string> {
    if (this.#filled > 0) this.#send()
    this.#worker.postMessage({ length: 0 })
    return this.#digest
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #nextBlock(): Uint8Array | undefined {
    const block = this.#free.pop()
    return block && new Uint8Array(block)
  }

  #send(): void {
    const block = this.#filling?.buffer as ArrayBuffer
    this.#worker.postMessage({ block, length: this.#filled }, [block])
    this.#filling = undefined
    this.#filled = 0
  }

  async #freed(): Promise<void> {
    // A worker that died never frees a block: its error ends the wait.
    await Promise.race([
      this.#digest,
      new Promise<void>((resolve) => {
        this.#waiting = resolve
      }),
    ])
  }
}
