import type { Store } from "../../store/port.ts"
import type { Json, JsonObject, NodeRecord } from "../../store/records.ts"
import { MASK, Secret } from "../../util/secret.ts"

const isPassword = (key: string) => /password|passphrase|secret|token|private_key/i.test(key)

/** The record with its BMC passwords in driver_info, as Ironic's clients expect them: masked. */
export async function withMasks(store: Store, node: NodeRecord): Promise<NodeRecord> {
  const names = (await store.secrets.names(node.uuid)).filter((name) => name.endsWith("_password"))
  const masks = Object.fromEntries(names.map((name) => [name, MASK]))
  return { ...node, driver_info: { ...node.driver_info, ...masks } }
}

export interface DriverInfo {
  /** What may be kept in the record. */
  readonly open: JsonObject
  /** Passwords that were given. */
  readonly secrets: ReadonlyMap<string, Secret>
  /** Those that stay as they are: the mask was sent back. */
  readonly untouched: ReadonlySet<string>
}

/** Parts driver_info as a client sent it. */
export function partDriverInfo(given: JsonObject): DriverInfo {
  const entries = Object.entries(given)
  const passwords = entries.filter(
    (entry): entry is [string, Json & string] => isPassword(entry[0]) && typeof entry[1] === "string",
  )
  const names = new Set(passwords.map(([name]) => name))
  return {
    open: Object.fromEntries(entries.filter(([name]) => !names.has(name))),
    secrets: new Map(passwords.filter(([, value]) => value !== MASK).map(([name, value]) => [name, new Secret(value)])),
    untouched: new Set(passwords.filter(([, value]) => value === MASK).map(([name]) => name)),
  }
}

/** Brings the node's passwords to what the client sent. */
export async function keepSecrets(store: Store, uuid: string, info: DriverInfo): Promise<void> {
  for (const name of await store.secrets.names(uuid)) {
    if (!name.endsWith("_password") || info.secrets.has(name) || info.untouched.has(name)) continue
    await store.secrets.remove(uuid, name)
  }
  for (const [name, secret] of info.secrets) await store.secrets.put(uuid, name, secret)
}
