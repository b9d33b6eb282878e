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
  /** What they encrypt is kept: the task that encrypts it anew with the primary key, without which no key may retire. */
  readonly migratedBy?: string
}

const repository = (name: string, secret: string, places: number): Omit<KeyRepository, "migratedBy"> => ({
  name,
  secrets: Array.from({ length: places }, (_, place) => `${secret}_${place}`),
})

/** As many as `[fernet_tokens] max_active_keys`: a token outlives one rotation after the one that retired its key. */
export const fernetKeys = repository("keystone_fernet_keys", "keystone_fernet_key", 3)

/** As many as keystone's credential provider bears (MAX_ACTIVE_KEYS). */
export const credentialKeys = {
  ...repository("keystone_credential_keys", "keystone_credential_key", 3),
  migratedBy: "keystone_credential_migrate",
} as const satisfies KeyRepository

/** By the name that people rotate them by. */
export const keyRepositories: readonly KeyRepository[] = [fernetKeys, credentialKeys]

/** https://github.com/fernet/spec: 256 bits, base64url with padding. */
export const freshKey = () => new Secret(randomBytes(32).toString("base64").replaceAll("+", "-").replaceAll("/", "_"))

/**
 * The keys after a rotation: each is one place nearer to its end, the staged one is primary, a fresh one is staged. All hosts
 * have had the staged key since the rotation before, so that they take each other's work while some have the new keys and
 * some the old. What retires is gone for good.
 */
export function rotated([staged, , ...others]: readonly Secret[], fresh: Secret = freshKey()): Secret[] {
  return [fresh, ...others, ...(staged ? [staged] : [])]
}
