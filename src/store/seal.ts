import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { BifrostError } from "../util/errors.ts"
import { Secret } from "../util/secret.ts"
import { storeErrors } from "./errors.ts"

const ALGORITHM = "aes-256-gcm"
/** NIST SP 800-38D §8.2.2: 96 random bits are safe for 2³² secrets under one key. */
const NONCE_BYTES = 12
const TAG_BYTES = 16
const FORMAT = "1"

/**
 * Encrypts a secret for one place: owner and name are authenticated along, so that a value copied to another row does not
 * open there. Returns `1:` and base64 of nonce, tag and ciphertext.
 */
export function seal(key: Buffer, owner: string, name: string, secret: Secret): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(place(owner, name))
  const body = Buffer.concat([cipher.update(secret.reveal(), "utf8"), cipher.final()])
  return `${FORMAT}:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64")}`
}

/** Throws KEY_WRONG when key, place or content are not those of `seal`. */
export function unseal(key: Buffer, owner: string, name: string, sealed: string): Secret {
  const bytes = Buffer.from(sealed.slice(FORMAT.length + 1), "base64")
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(place(owner, name))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    const body = bytes.subarray(NONCE_BYTES + TAG_BYTES)
    return new Secret(Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8"))
  } catch (cause) {
    throw new BifrostError(storeErrors.KEY_WRONG, { detail: `the secret ${owner}/${name}`, cause })
  }
}

function place(owner: string, name: string): Buffer {
  return Buffer.from(`${owner}/${name}`)
}
