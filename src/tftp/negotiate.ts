import type { TftpOptions } from "./codec.ts"

/** What a transfer runs by, and what the client is told of it. */
export interface Terms {
  readonly blockSize: number
  /** Blocks in flight before an acknowledgement is due. */
  readonly windowSize: number
  /** Fixed wait for an acknowledgement in ms; undefined: this server's own, which adapts. */
  readonly timeoutMs: number | undefined
  /** The options acknowledged; empty: none were asked for, so the transfer starts with data. */
  readonly accepted: TftpOptions
}

/** Larger blocks would travel in IP fragments, which PXE ROMs lose: 1500 − 20 (IP) − 8 (UDP) − 4 (TFTP). */
const LARGEST_BLOCK = 1468
/** Enough to fill a gigabit link at LAN round-trip times; more only makes a loss dearer. */
const LARGEST_WINDOW = 32

/** Options that this server knows; a value out of range is passed over in silence (RFC 2347 §2). */
export function negotiate(asked: TftpOptions, size: number): Terms {
  const accepted = new Map<string, string>()
  const take = (name: string, smallest: number, largest: number, cap = largest): number | undefined => {
    const text = asked.get(name)
    if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
    const value = Number(text)
    if (value < smallest || value > largest) return undefined
    accepted.set(name, String(Math.min(value, cap)))
    return Math.min(value, cap)
  }
  const blockSize = take("blksize", 8, 65464, LARGEST_BLOCK) ?? 512 // RFC 2348
  const seconds = take("timeout", 1, 255) // RFC 2349 §2
  if (asked.has("tsize")) accepted.set("tsize", String(size)) // RFC 2349 §3
  const windowSize = take("windowsize", 1, 65535, LARGEST_WINDOW) ?? 1 // RFC 7440 §3
  return { blockSize, windowSize, timeoutMs: seconds === undefined ? undefined : seconds * 1000, accepted }
}
