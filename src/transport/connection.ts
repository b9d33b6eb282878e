import { Client, type ServerHostKeyAlgorithm } from "ssh2"
import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { transportErrors } from "./errors.ts"
import { fingerprint, parseHostKey } from "./host-key.ts"
import type { HostEndpoint } from "./port.ts"

/** An emulated host that boots and pulls at once takes its time; one that is off refuses or ends the wait all the same. */
const connectTimeout = 45_000
/** A dead peer is noticed within a minute. */
const keepAlive = { keepaliveInterval: 15_000, keepaliveCountMax: 4 }

/** Connects and authenticates; the promise rejects with a coded error. `onLost` tells of the end of a good connection. */
export function connect(host: HostEndpoint, privateKey: Secret, onLost: () => void): Promise<Client> {
  const pinned = parseHostKey(host.hostKey, host.name)
  const client = new Client()
  let shown: Buffer | undefined
  return new Promise((resolve, reject) => {
    client.once("ready", () => resolve(client))
    client.on("error", (error: Error & { level?: string }) => {
      onLost()
      reject(explain(error, host, shown, pinned.blob))
    })
    client.once("close", () => {
      onLost()
      reject(explain(new Error("connection closed"), host, shown, pinned.blob))
    })
    client.connect({
      host: host.address,
      port: host.port,
      username: host.user,
      privateKey: privateKey.reveal(),
      readyTimeout: connectTimeout,
      ...keepAlive,
      // Only the pinned kind of key is asked for: a host that has several must show the one we know.
      algorithms: { serverHostKey: hostKeyAlgorithms(pinned.algorithm) },
      hostVerifier: (key: Buffer) => {
        shown = key
        return key.equals(pinned.blob)
      },
    })
  })
}

/** RFC 8332: an ssh-rsa key signs with SHA-2. */
function hostKeyAlgorithms(algorithm: string): ServerHostKeyAlgorithm[] {
  if (algorithm === "ssh-rsa") return ["rsa-sha2-512", "rsa-sha2-256"]
  return [algorithm as ServerHostKeyAlgorithm]
}

function explain(cause: Error & { level?: string }, host: HostEndpoint, shown: Buffer | undefined, pinned: Buffer) {
  const where = `${host.user}@${host.address}:${host.port}`
  // A host that no longer has a key of the pinned kind ends the negotiation before it shows any.
  const noCommonKey = /no matching host key/i.test(cause.message)
  if (noCommonKey || (shown && !shown.equals(pinned))) {
    const detail = shown ? `${where} shows ${fingerprint(shown)}` : `${where} shows no key of this kind`
    return new BifrostError(transportErrors.HOST_KEY_CHANGED, {
      node: host.name,
      detail,
      expected: fingerprint(pinned),
      cause,
    })
  }
  const kind =
    cause.level === "client-authentication" ? transportErrors.HOST_LOGIN_REFUSED : transportErrors.HOST_UNREACHABLE
  return new BifrostError(kind, { node: host.name, detail: `${where}: ${cause.message}`, cause })
}
