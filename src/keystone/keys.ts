import { randomBytes } from "node:crypto"
import { Secret } from "../util/secret.ts"

/**
 * A key repository of Keystone: files named by numbers. 0 is the staged key, the highest is the primary, which encrypts;
 * all of them decrypt. Here it has a fixed number of places, each a secret of the site; a rotation moves keys from place to
 * place, where Keystone's own would count on.
 */
export interface KeyRepository {
  /** For people, e.g. `secrets rotate keystone_fernet_keys`. */
  readonly name: string
  /** The secret in each place: staged, secondary from the oldest, primary. */
  readonly secrets: readonly string[]
}

const repository = (name: string, secret: string, places: number): KeyRepository => ({
  name,
  secrets: Array.from({ length: places }, (_, place) => `${secret}_${place}`),
})

/** As many as `[fernet_tokens] max_active_keys`: a token outlives one rotation after the one that retired its key. */
export const fernetKeys = repository("keystone_fernet_keys", "keystone_fernet_key", 3)

/** https://github.com/fernet/spec: 256 bits, base64url with padding. */
export const freshKey = () => new Secret(randomBytes(32).toString("base64").replaceAll("+", "-").replaceAll("/", "_"))

export interface KeyMove {
  readonly place: number
  readonly key: Secret
}

/**
 * What a rotation writes, in this order: each key one place nearer to its end, the staged one becomes primary, a fresh one
 * is staged. All hosts have had the staged key since the rotation before, so that they take each other's tokens while some
 * have the new keys and some the old. After any of the writes the repository is whole, and a rotation that was cut off is
 * ended by the next: it is known by a key that is in two places.
 */
export function rotation(keys: readonly Secret[], fresh: () => Secret = freshKey): KeyMove[] {
  const last = keys.length - 1
  const same = (one: number, other: number) => keys[one]?.reveal() === keys[other]?.reveal()
  const staging = { place: 0, key: fresh() }
  if (same(0, last)) return [staging]
  // Places below the one that was written twice have moved already.
  const doubled = keys.findIndex((_, place) => place > 0 && place < last && same(place, place + 1))
  const from = doubled > 0 ? doubled + 1 : 1
  const moves = keys.flatMap((_, place) => (place >= from ? [{ place, key: keys[place + 1] ?? keys[0]! }] : []))
  return [...moves, staging]
}

/** Where the site keeps its secrets. */
export interface KeyStore {
  get(name: string): Promise<Secret | undefined>
  put(name: string, value: Secret): Promise<void>
}

/**
 * Rotates a repository in the store; the next deploy brings it to the hosts. False when the site has no such keys yet: the
 * first deploy makes them. What retires is gone for good: tokens older than the rotation before last are no longer taken.
 */
export async function rotateKeys({ secrets }: KeyRepository, store: KeyStore): Promise<boolean> {
  const keys = await Promise.all(secrets.map((name) => store.get(name)))
  if (!keys.every((key) => key !== undefined)) return false
  for (const { place, key } of rotation(keys)) await store.put(secrets[place]!, key)
  return true
}
