import { BLOCKS, encode, errorCode, type TftpPacket } from "./codec.ts"
import type { Terms } from "./negotiate.ts"
import type { TftpFile } from "./source.ts"

/** How a transfer ended. */
export interface Ending {
  readonly ok: boolean
  /** Bytes of the file that the client acknowledged. */
  readonly bytes: number
  /** Why it failed. */
  readonly why: string | undefined
}

/** What one event asks the server to do: send these, and wait again or be done. */
export interface Step {
  readonly send: readonly Uint8Array[]
  readonly ended?: Ending
}

const NOTHING: Step = { send: [] }
/** Repetitions of one window before the client counts as gone. */
const ATTEMPTS = 8

/**
 * The sender's half of a read: no socket, no clock. Blocks are counted from 1 without end here, and modulo 2^16 on the
 * wire. A duplicate acknowledgement never sends anything (RFC 1123 §4.2.3.1, the sorcerer's apprentice); only progress
 * and a timeout do.
 */
export interface Transfer {
  start(): Promise<Step>
  onPacket(packet: TftpPacket): Promise<Step>
  onTimeout(): Promise<Step>
  /** Repetitions since the last progress; the wait grows with it. */
  readonly attempts: number
  /** Bytes of the file that the client has acknowledged. */
  readonly bytes: number
}

export function sendFile(file: TftpFile, terms: Terms): Transfer {
  const { blockSize, windowSize, accepted } = terms
  /** A last block that is full is followed by an empty one (RFC 1350 §6). */
  const last = Math.floor(file.size / blockSize) + 1
  /** Highest block acknowledged; −1 while the options are not. */
  let acknowledged = accepted.size > 0 ? -1 : 0
  /** Highest block sent. */
  let sent = 0
  let attempts = 0

  async function window(): Promise<Step> {
    if (acknowledged < 0) return { send: [encode({ type: "options", options: accepted })] }
    const send: Uint8Array[] = []
    const end = Math.min(acknowledged + windowSize, last)
    for (let block = acknowledged + 1; block <= end; block++) {
      const data = await file.read((block - 1) * blockSize, blockSize)
      const expected = block < last ? blockSize : file.size - (last - 1) * blockSize
      if (data.length !== expected) return fail(errorCode.undefined, "the file changed while it was read")
      send.push(encode({ type: "data", block: block % BLOCKS, data }))
    }
    sent = end
    return { send }
  }

  function fail(code: number, why: string): Step {
    return { send: [encode({ type: "error", code, message: why })], ended: { ok: false, bytes: bytes(), why } }
  }

  const bytes = () => Math.min(Math.max(acknowledged, 0) * blockSize, file.size)

  return {
    start: window,
    async onPacket(packet) {
      if (packet.type === "error") return { send: [], ended: { ok: false, bytes: bytes(), why: refusal(packet) } }
      if (packet.type !== "ack") return NOTHING
      if (acknowledged < 0) {
        if (packet.block !== 0) return NOTHING
        acknowledged = 0
      } else {
        const ahead = (packet.block - (acknowledged % BLOCKS) + BLOCKS) % BLOCKS
        if (ahead === 0 || ahead > sent - acknowledged) return NOTHING
        acknowledged += ahead
      }
      attempts = 0
      if (acknowledged === last) return { send: [], ended: { ok: true, bytes: file.size, why: undefined } }
      // In the middle of a window it means that the next block was lost; the window starts over there (RFC 7440 §4).
      return window()
    },
    async onTimeout() {
      if (attempts++ >= ATTEMPTS) return fail(errorCode.undefined, "the client does not answer")
      return window()
    },
    get attempts() {
      return attempts
    },
    get bytes() {
      return bytes()
    },
  }
}

function refusal({ code, message }: { code: number; message: string }): string {
  return `the client ended it: ${message || `error ${code}`}`
}
