import type { RemoteInfo } from "node:dgram"
import type { Clock } from "../util/clock.ts"
import { messageOf } from "../util/errors.ts"
import { type BindFailures, bindUdp } from "../util/udp.ts"
import { decode, encode, errorCode, type TftpPacket, type TftpRequest } from "./codec.ts"
import { tftpErrors } from "./errors.ts"
import { negotiate } from "./negotiate.ts"
import { runTransfer } from "./session.ts"
import type { TftpSource } from "./source.ts"
import { sendFile } from "./transfer.ts"

export interface TftpServerOptions {
  /** The only address that is listened on. */
  readonly address: string
  /** Default 69. */
  readonly port?: number
  readonly source: TftpSource
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Called once a transfer is over, and for requests that were refused. */
  readonly onTransfer?: (transfer: TransferReport) => void
  readonly log?: (line: string) => void
}

export interface TransferReport {
  readonly client: string
  readonly file: string
  /** Bytes of the file that the client acknowledged. */
  readonly bytes: number
  readonly ok: boolean
  readonly why: string | undefined
  readonly ms: number
}

const MOST_TRANSFERS = 256

const bindFailures: BindFailures = {
  EADDRINUSE: tftpErrors.TFTP_PORT_TAKEN,
  EACCES: tftpErrors.TFTP_NOT_PERMITTED,
  EADDRNOTAVAIL: tftpErrors.TFTP_ADDRESS_ABSENT,
}

/** Serves until `signal` aborts. Rejects with TFTP_PORT_TAKEN, TFTP_NOT_PERMITTED or TFTP_ADDRESS_ABSENT. */
export async function startTftpServer(options: TftpServerOptions): Promise<{ port: number; close(): Promise<void> }> {
  const { address, port = 69, source, clock, signal, log = () => {} } = options
  /** By client address and port: a repeated request is answered by the transfer that it began. */
  const transfers = new Map<string, Promise<void>>()
  const stopping = new AbortController()
  const listener = await bindUdp(address, port, bindFailures)

  listener.on("message", (bytes, client) => {
    const name = `${client.address}:${client.port}`
    if (transfers.has(name)) return
    let request: TftpPacket
    try {
      request = decode(bytes)
    } catch {
      return
    }
    if (request.type === "write")
      return refuse(client, request.file, errorCode.accessViolation, "this server is read-only")
    if (request.type !== "read") return
    if (request.mode !== "octet")
      return refuse(client, request.file, errorCode.illegalOperation, "only mode octet is served")
    if (transfers.size >= MOST_TRANSFERS)
      return refuse(client, request.file, errorCode.undefined, "too many transfers, try again")
    const transfer = serve(request, client)
      .catch((error) => log(`TFTP: ${name}: ${messageOf(error)}`))
      .finally(() => transfers.delete(name))
    transfers.set(name, transfer)
  })
  listener.on("error", (error) => log(`TFTP: ${error.message}`))

  function refuse(client: RemoteInfo, file: string, code: number, message: string): void {
    listener.send(encode({ type: "error", code, message }), client.port, client.address, () => {})
    options.onTransfer?.({ client: client.address, file, bytes: 0, ok: false, why: message, ms: 0 })
  }

  async function serve(request: TftpRequest, client: RemoteInfo): Promise<void> {
    const started = clock.now()
    const file = await source.open(request.file)
    if (!file) return refuse(client, request.file, errorCode.notFound, "no such file")
    try {
      const terms = negotiate(request.options, file.size)
      const sender = sendFile(file, terms)
      const socket = await bindUdp(address, 0, bindFailures)
      const { timeoutMs } = terms
      const { ok, bytes, why } = await runTransfer({
        sender,
        socket,
        client,
        timeoutMs,
        clock,
        signal: stopping.signal,
        log,
      })
      options.onTransfer?.({ client: client.address, file: request.file, bytes, ok, why, ms: clock.now() - started })
    } finally {
      await file.close()
    }
  }

  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= (async () => {
      stopping.abort()
      await new Promise<void>((done) => listener.close(() => done()))
      await Promise.all(transfers.values())
    })()
    return closed
  }
  signal.addEventListener("abort", () => void close(), { once: true })
  if (signal.aborted) await close()
  return { port: signal.aborted ? port : listener.address().port, close }
}
