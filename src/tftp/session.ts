import type { RemoteInfo, Socket } from "node:dgram"
import type { Clock } from "../util/clock.ts"
import { decode, encode, errorCode, type TftpPacket } from "./codec.ts"
import type { Ending, Step, Transfer } from "./transfer.ts"

/** First wait for an acknowledgement when the client names none: a LAN's round trip plus a slow ROM. It doubles. */
const FIRST_WAIT_MS = 300
const LONGEST_WAIT_MS = 4_000
/** No loader takes longer; a client that acknowledges one block a minute must not hold a socket for ever. */
const DEADLINE_MS = 600_000

export interface Session {
  readonly sender: Transfer
  /** Bound to a port of its own, the server's transfer identifier (RFC 1350 §4). Closed at the end. */
  readonly socket: Socket
  readonly client: RemoteInfo
  /** The wait that the client asked for; undefined: one that adapts. */
  readonly timeoutMs: number | undefined
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly log: (line: string) => void
}

/** Lets one transfer run to its end; packets and timeouts are handled one after the other. */
export function runTransfer({ sender, socket, client, timeoutMs, clock, signal, log }: Session): Promise<Ending> {
  return new Promise<Ending>((resolve, reject) => {
    let work = Promise.resolve()
    let over = false
    let cancelWait = () => {}

    const end = (settle: () => void) => {
      over = true
      cancelWait()
      cancelDeadline()
      signal.removeEventListener("abort", onStop)
      socket.close(settle)
    }
    /** The last datagram leaves before the socket closes. */
    const endWith = (ended: Ending, last: readonly Uint8Array[]) => {
      over = true
      const sent = last.map((bytes) => new Promise<void>((done) => send(bytes, () => done())))
      void Promise.all(sent).then(() => end(() => resolve(ended)))
    }
    const abort = (why: string) => {
      if (over) return
      const error = encode({ type: "error", code: errorCode.undefined, message: why })
      endWith({ ok: false, bytes: sender.bytes, why }, [error])
    }
    const send = (bytes: Uint8Array, done: () => void = () => {}) =>
      socket.send(bytes, client.port, client.address, done)
    const perform = (next: () => Promise<Step>) => {
      work = work
        .then(async () => {
          if (over) return
          const step = await next()
          if (over) return
          if (step.ended) return endWith(step.ended, step.send)
          for (const bytes of step.send) send(bytes)
          if (step.send.length > 0) wait()
        })
        .catch((error) => {
          if (!over) end(() => reject(error))
        })
    }
    const wait = () => {
      cancelWait()
      const own = Math.min(FIRST_WAIT_MS * 2 ** sender.attempts, LONGEST_WAIT_MS)
      cancelWait = clock.after(timeoutMs ?? own, () => perform(() => sender.onTimeout()))
    }

    const onStop = () => abort("the server stops")
    const cancelDeadline = clock.after(DEADLINE_MS, () => abort("it took longer than 10 minutes"))
    signal.addEventListener("abort", onStop, { once: true })
    socket.on("error", (error) => log(`TFTP: ${client.address}: ${error.message}`))
    socket.on("message", (bytes, from) => {
      if (over) return
      // RFC 1350 §4: a stranger is told so, and the transfer goes on.
      if (from.address !== client.address || from.port !== client.port) {
        const stranger = encode({ type: "error", code: errorCode.unknownTransfer, message: "unknown transfer" })
        return socket.send(stranger, from.port, from.address, () => {})
      }
      let packet: TftpPacket
      try {
        packet = decode(bytes)
      } catch {
        return
      }
      perform(() => sender.onPacket(packet))
    })
    perform(() => sender.start())
  })
}
