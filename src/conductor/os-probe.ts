import { timingSafeEqual } from "node:crypto"
import { Client } from "ssh2"
import { fingerprint } from "../transport/host-key.ts"
import { messageOf } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"

export interface OsTarget {
  readonly host: string
  readonly port?: number
  /** The machine's public host key, one OpenSSH line; no other key is accepted. */
  readonly hostKey: string
  readonly privateKey: Secret
  /** Whether a first boot has to have ended as well: a system that others installed knows of none. */
  readonly firstBoot: boolean
}

/** `up: false` says what is missing so far, for the explanation of a wait. */
export type OsVerdict = { readonly up: true } | { readonly up: false; readonly reason: string }

/** Whether the deployed system can be logged in to and has finished its first boot. Never rejects for what it finds. */
export interface OsProbe {
  check(target: OsTarget, signal: AbortSignal): Promise<OsVerdict>
}

const user = "root"
const connectWithin = 10_000

const CLOUD_INIT_FAILED = 3
/**
 * Our images mark the end of the first boot with a file; images with cloud-init can be asked, and answer when it is over.
 * It ends with 1 when it failed, and with 2 (from release 23.4 on) when it got over what went wrong: "degraded".
 */
const finished = `test -f /run/bifrost/first-boot.done && exit 0
command -v cloud-init >/dev/null || exit 1
cloud-init status --wait >/dev/null
case $? in 0 | 2) exit 0 ;; *) exit ${CLOUD_INIT_FAILED} ;; esac`

const unfinished = (code: number | null) =>
  code === CLOUD_INIT_FAILED
    ? "logged in, but its cloud-init failed: cloud-init status --long there says why"
    : `logged in, but its first boot has not ended (${code})`

export const sshProbe: OsProbe = {
  check({ host, port = 22, hostKey, privateKey, firstBoot }, signal) {
    const expected = Buffer.from(hostKey.split(" ")[1] ?? "", "base64")
    return new Promise((resolve) => {
      const client = new Client()
      let strange: string | undefined
      const end = (verdict: OsVerdict) => {
        signal.removeEventListener("abort", aborted)
        resolve(verdict)
        client.destroy()
      }
      const aborted = () => end({ up: false, reason: "given up" })
      signal.addEventListener("abort", aborted)
      if (signal.aborted) return aborted()

      client.on("ready", () => {
        client.exec(firstBoot ? finished : "true", (error, stream) => {
          if (error) return end({ up: false, reason: error.message })
          stream.on("exit", (code: number | null) => {
            end(code === 0 ? { up: true } : { up: false, reason: unfinished(code) })
          })
          stream.resume()
          stream.stderr.resume()
        })
      })
      client.on("error", (error) => end({ up: false, reason: strange ?? messageOf(error) }))
      client.on("close", () => end({ up: false, reason: strange ?? "the connection was closed" }))
      client.connect({
        host,
        port,
        username: user,
        privateKey: privateKey.reveal(),
        readyTimeout: connectWithin,
        algorithms: { serverHostKey: ["ssh-ed25519"] },
        hostVerifier(key: Buffer) {
          const same = key.length === expected.length && timingSafeEqual(key, expected)
          if (!same) strange = `${host} shows another host key: ${fingerprint(key)}`
          return same
        },
      })
    })
  },
}
