import type { Clock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import { ipmiErrors } from "../errors.ts"
import type { UdpLink } from "./link.ts"

/** First retransmission after this many ms, each later one half as long again, up to the last value. */
const firstWait = 500
const growth = 1.5
const longestWait = 4000

export interface Patience {
  /** Wall clock, ms. */
  readonly deadline: number
  /** Transmissions before giving up, even when the deadline is further away. */
  readonly attempts: number
  readonly signal: AbortSignal
}

export interface Exchange<T> {
  /** Built anew for each transmission: session sequence numbers may not repeat. */
  packet(): Buffer
  /**
   * The reply in a datagram, or undefined when it is another's, late, or a duplicate. IPMI_MALFORMED counts as undefined
   * too; any other error ends the exchange.
   */
  accept(bytes: Buffer): T | undefined
}

/** Sends until answered. Resolves to undefined when patience ran out; rejects with the signal's reason on abort. */
export function exchange<T>(
  link: UdpLink,
  clock: Clock,
  { packet, accept }: Exchange<T>,
  { deadline, attempts, signal }: Patience,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    let sent = 0
    let cancelTimer = () => {}
    const end = (settle: () => void) => {
      cancelTimer()
      stopListening()
      signal.removeEventListener("abort", onAbort)
      settle()
    }
    const onAbort = () => end(() => reject(signal.reason))
    const stopListening = link.listen((bytes) => {
      try {
        const reply = accept(bytes)
        if (reply !== undefined) end(() => resolve(reply))
      } catch (error) {
        if (error instanceof BifrostError && error.code === ipmiErrors.IPMI_MALFORMED.code) return
        end(() => reject(error))
      }
    })
    const transmit = () => {
      const left = deadline - clock.now()
      if (sent === attempts || left <= 0) return end(() => resolve(undefined))
      link.send(packet())
      const wait = Math.min(firstWait * growth ** sent, longestWait, left)
      sent += 1
      cancelTimer = clock.after(wait, transmit)
    }
    signal.addEventListener("abort", onAbort, { once: true })
    transmit()
  })
}
