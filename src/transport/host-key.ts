import { createHash } from "node:crypto"
import { BifrostError } from "../util/errors.ts"
import { transportErrors } from "./errors.ts"

export interface PinnedKey {
  /** e.g. ssh-ed25519 */
  readonly algorithm: string
  /** RFC 4253 §6.6: the key as it travels. */
  readonly blob: Buffer
}

/** Parses `ssh-ed25519 AAAA… [comment]`. Throws HOST_KEY_CHANGED when it is no public key: nothing is ever accepted blindly. */
export function parseHostKey(line: string, host: string): PinnedKey {
  const [algorithm = "", base64 = ""] = line.trim().split(/\s+/)
  const blob = Buffer.from(base64, "base64")
  const length = blob.length > 4 ? blob.readUInt32BE(0) : 0
  if (algorithm === "" || blob.subarray(4, 4 + length).toString("latin1") !== algorithm) {
    throw new BifrostError(transportErrors.HOST_KEY_CHANGED, {
      node: host,
      detail: "the inventory holds no usable host key",
      expected: "ssh-ed25519 AAAA…",
      remedy: "Give the host's public key in the inventory (on the host: cat /etc/ssh/ssh_host_ed25519_key.pub).",
    })
  }
  return { algorithm, blob }
}

/** As OpenSSH prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`
}
