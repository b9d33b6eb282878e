import { randomBytes, timingSafeEqual } from "node:crypto"
import type { Store } from "../store/port.ts"
import { newKeyPair, publicHalf, type SshKeyPair } from "../transport/key-pair.ts"
import { Secret } from "../util/secret.ts"

/** Names under the node's uuid in the SecretStore. */
export const secretNames = {
  agentToken: "agent_token",
  /** Of the boot that the agent's token was handed to. */
  bootKey: "agent_boot_key",
  firstBootToken: "first_boot_token",
  hostKey: "ssh_host_key",
  /** A config drive that the user gave: it may hold passwords. */
  configDrive: "configdrive",
} as const

/** What the agent of the last boot was known by: the next one gets a token of its own. */
export async function forgetAgent(store: Store, uuid: string): Promise<void> {
  await store.secrets.remove(uuid, secretNames.agentToken)
  await store.secrets.remove(uuid, secretNames.bootKey)
}

/** Where the site's own key is. */
export const site = { owner: "site", key: "ssh_private_key", setting: "ssh" } as const

/** The key pair kept under owner and name, made on first need. */
async function keyPair(store: Store, owner: string, name: string, comment: string): Promise<SshKeyPair> {
  const stored = await store.secrets.get(owner, name)
  if (stored) return { private: stored, public: publicHalf(stored) }
  const made = newKeyPair(comment)
  await store.secrets.put(owner, name, made.private)
  return made
}

export const hostKeyPair = (store: Store, node: { uuid: string; name: string | null }) =>
  keyPair(store, node.uuid, secretNames.hostKey, node.name ?? node.uuid)

/** The provisioner's own key, with which it logs in to deployed machines. */
export function siteKeyPair(store: Store): Promise<SshKeyPair> {
  return store.transaction(async (inside) => {
    const pair = await keyPair(inside, site.owner, site.key, "bifrost-ts")
    await inside.settings.put(site.setting, { public: pair.public })
    return pair
  })
}

/** 256 bits, hex: 64 characters. */
export const newToken = () => new Secret(randomBytes(32).toString("hex"))

/** In a time that tells nothing of the wanted one. */
export function sameToken(given: unknown, wanted: Secret | undefined): boolean {
  if (typeof given !== "string" || !wanted) return false
  const [a, b] = [Buffer.from(given), Buffer.from(wanted.reveal())]
  return a.length === b.length && timingSafeEqual(a, b)
}
