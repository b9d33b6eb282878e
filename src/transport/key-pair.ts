import ssh2 from "ssh2"
import { Secret } from "../util/secret.ts"

/** An ed25519 pair in OpenSSH's formats: a PEM block, and one line `ssh-ed25519 AAAA… comment`. */
export interface SshKeyPair {
  readonly private: Secret
  readonly public: string
}

/** One in some five hundred pairs of ssh2's (1.17) cannot be read again, by anyone: another is made instead. */
export function newKeyPair(comment: string, generate = ssh2.utils.generateKeyPairSync): SshKeyPair {
  const pair = generate("ed25519", { comment })
  if (ssh2.utils.parseKey(pair.private) instanceof Error) return newKeyPair(comment, generate)
  return { private: new Secret(pair.private), public: pair.public.trim() }
}

export function publicHalf(key: Secret): string {
  const parsed = ssh2.utils.parseKey(key.reveal())
  if (parsed instanceof Error) throw parsed
  const first = Array.isArray(parsed) ? parsed[0]! : parsed
  return `${first.type} ${first.getPublicSSH().toString("base64")} ${first.comment}`.trim()
}

/** Whether text is a private key that can be used as it stands, without a passphrase. */
export function isPrivateKey(text: string): boolean {
  const parsed = ssh2.utils.parseKey(text)
  if (parsed instanceof Error) return false
  return (Array.isArray(parsed) ? parsed[0]! : parsed).isPrivateKey()
}
