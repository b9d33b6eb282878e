import type { Clock } from "../../util/clock.ts"
import { messageOf } from "../../util/errors.ts"

/** What apt, pip, the engine and Node say when it was the network and not the build. */
const networkFaults: readonly RegExp[] = [
  /Temporary failure (in name resolution|resolving)/,
  /Could not (connect to|resolve|handshake)/,
  /Failed to fetch/,
  /Hash Sum mismatch|File has unexpected size|Mirror sync in progress/,
  /Connection (timed out|refused|reset)|connection reset by peer|No route to host|Network is unreachable/i,
  /TLS handshake timeout|i\/o timeout|unexpected EOF|: EOF$|net\/http: request canceled/,
  /(ReadTimeout|NewConnection|ConnectTimeout|IncompleteRead|Protocol)Error/,
  /\b(502 Bad Gateway|503 Service Unavailable|504 Gateway Time-?out|429 Too Many Requests)\b/i,
  /ECONNRESET|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|EPIPE|socket hang up/,
]

/** The line that blames the network, if one does. */
export function networkFault(message: string): string | undefined {
  return message.split("\n").find((line) => networkFaults.some((fault) => fault.test(line)))
}

export interface RetryOptions {
  readonly clock: Clock
  readonly signal?: AbortSignal
  /** Attempts after the first. */
  readonly retries: number
  readonly onRetry?: (error: string, seconds: number) => void
}

/** Tries again, after 2, 4, 8 … seconds, what the network broke; any other failure is final. */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      const fault = networkFault(messageOf(error))
      if (fault === undefined || tried > options.retries || options.signal?.aborted) throw error
      const seconds = 2 ** tried
      options.onRetry?.(fault.trim(), seconds)
      await options.clock.sleep(seconds * 1000, options.signal)
    }
  }
}
