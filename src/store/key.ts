import { randomBytes } from "node:crypto"
import { chmodSync, closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs"
import { BifrostError } from "../util/errors.ts"
import { storeErrors } from "./errors.ts"

const KEY_BYTES = 32

/** The key that seals secrets. `create` makes it on first use; `load` returns undefined while there is none. */
export interface KeySource {
  readonly where: string
  load(): Buffer | undefined
  create(): Buffer
}

/** A key of this process alone: what is sealed with it ends with the process. */
export function passingKey(): KeySource {
  const key = randomBytes(KEY_BYTES)
  return { where: "memory", load: () => key, create: () => key }
}

/** A file of 64 hexadecimal digits that only its owner may read. */
export function keyFile(path: string): KeySource {
  return { where: path, load: () => load(path), create: () => create(path) }
}

function load(path: string): Buffer | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return undefined
  const mode = found.mode & 0o777
  if ((mode & 0o077) !== 0) {
    throw new BifrostError(storeErrors.KEY_EXPOSED, {
      detail: `${path} has mode 0${mode.toString(8)}`,
      expected: "0600",
    })
  }
  const key = Buffer.from(readFileSync(path, "utf8").trim(), "hex")
  if (key.length !== KEY_BYTES) {
    throw new BifrostError(storeErrors.KEY_WRONG, { detail: path, expected: `${KEY_BYTES * 2} hexadecimal digits` })
  }
  return key
}

/** Written aside and linked into place: no reader sees half a key, and a key that exists is never replaced. */
function create(path: string): Buffer {
  const key = randomBytes(KEY_BYTES)
  const aside = `${path}.${process.pid}.new`
  const file = openSync(aside, "wx", 0o600)
  try {
    chmodSync(aside, 0o600)
    writeSync(file, `${key.toString("hex")}\n`)
    fsyncSync(file)
    linkSync(aside, path)
  } finally {
    closeSync(file)
    rmSync(aside, { force: true })
  }
  return key
}
