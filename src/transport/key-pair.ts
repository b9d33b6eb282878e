import ssh2 from "ssh2"
import { Secret } from "../util/secret.ts"

/** An ed25519 pair in OpenSSH's formats: a PEM block, and one line `ssh-ed25519 AAAA… comment`. */
export interface SshKeyPair {
  readonly private: Secret
  readonly public: string
}

export function newKeyPair(comment: string): SshKeyPair {
  const pair = ssh2.utils.generateKeyPairSync("ed25519", { comment })
  return { private: new Secret(pair.private), public: pair.public.trim() }
}

export function publicHalf(key: Secret): string {
  const parsed = ssh2.utils.parseKey(key.reveal())
  if (parsed instanceof Error) throw parsed
  const first = Array.isArray(parsed) ? parsed[0]! : parsed
  return `${first.type} ${first.getPublicSSH().toString("base64")} ${first.comment}`.trim()
}
