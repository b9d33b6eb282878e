import { randomBytes, randomUUID } from "node:crypto"
import { freshKey } from "../keystone/keys.ts"
import type { SecretStore } from "../store/port.ts"
import { newKeyPair } from "../transport/key-pair.ts"
import { MASK, Secret } from "../util/secret.ts"
import type { Overrides } from "./overrides.ts"
import type { SecretKind, ServiceDefinition } from "./service.ts"

export const secretsOwner = "site"
/** Values from before a rotation: hosts have them until the next deploy, so they are masked like the present ones. */
export const formerOwner = "site_former"

export const generateSecret: Record<Exclude<SecretKind, "given">, () => Secret> = {
  // 32 bytes as hexadecimal: needs no quoting in URLs, SQL, INI or shell.
  password: () => new Secret(randomBytes(32).toString("hex")),
  fernet: freshKey,
  ssh: () => new Secret(Buffer.from(newKeyPair("nova").private.reveal()).toString("base64")),
  uuid: () => new Secret(randomUUID()),
}

/** All secrets that the services name, made where missing unless they are to be given. A dry run keeps nothing of what it makes. */
export async function siteSecrets(
  services: readonly ServiceDefinition[],
  store: SecretStore,
  dryRun: boolean,
): Promise<ReadonlyMap<string, Secret>> {
  const secrets = new Map<string, Secret>()
  for (const [name, kind] of services.flatMap(({ secrets: own }) => Object.entries(own ?? {}))) {
    const known = await store.get(secretsOwner, name)
    if (known) secrets.set(name, known)
    else if (kind !== "given") {
      const made = generateSecret[kind]()
      if (!dryRun) await store.put(secretsOwner, name, made)
      secrets.set(name, made)
    }
  }
  return secrets
}

/** What was is kept, since hosts have it until the next deploy. */
export async function replaceSecret(
  store: SecretStore,
  { name, former, next, now }: { name: string; former: Secret | undefined; next: Secret; now: number },
): Promise<void> {
  if (former) await store.put(formerOwner, `${name}@${now}`, former)
  await store.put(secretsOwner, name, next)
}

export async function formerSecrets(store: SecretStore): Promise<Secret[]> {
  const found = await Promise.all((await store.names(formerOwner)).map((name) => store.get(formerOwner, name)))
  return found.filter((secret) => secret !== undefined)
}

/** Keys of certificates: a host may have one that the store never knew. */
const privateKeys = /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----)/g

/** Ceph's keys in keyrings that the operator gave: the store does not know them, and they are to be masked like its own. */
export function givenSecrets(overrides: Overrides): Secret[] {
  return [...overrides]
    .filter(([path]) => path.endsWith(".keyring"))
    .flatMap(([, text]) => [...text.matchAll(/^\s*key\s*=\s*(\S+)/gm)])
    .map(([, key = ""]) => new Secret(key))
}

/** Takes secrets out of text that comes from elsewhere, such as a container's log. */
export function redact(text: string, secrets: Iterable<Secret>): string {
  let clean = text.replace(privateKeys, `$1\n${MASK}\n$2`)
  for (const secret of secrets) clean = clean.replaceAll(secret.reveal(), String(secret))
  return clean
}
