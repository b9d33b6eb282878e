import { createSocket, type Socket } from "node:dgram"
import { isIPv6 } from "node:net"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { ipmiErrors } from "../errors.ts"

/** Datagrams to and from one BMC. Connected, so that only the BMC's own packets come in. */
export class UdpLink {
  readonly #socket: Socket
  readonly #listeners = new Set<(bytes: Buffer) => void>()
  /** The BMC's host said that nothing listens on the port. It may yet: a BMC that restarts does so too. */
  refused = false
  #closed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on("message", (bytes) => {
      for (const listener of [...this.#listeners]) listener(bytes)
    })
    socket.on("error", () => {
      this.refused = true
    })
  }

  static open(host: string, port: number): Promise<UdpLink> {
    const socket = createSocket(isIPv6(host) ? "udp6" : "udp4")
    return new Promise((resolve, reject) => {
      const fail = (cause: Error) => {
        socket.close()
        reject(new BifrostError(ipmiErrors.BMC_SILENT, { detail: `${host}:${port}: ${messageOf(cause)}`, cause }))
      }
      socket.once("error", fail)
      socket.connect(port, host, (cause?: Error) => {
        socket.off("error", fail)
        if (cause) return fail(cause)
        resolve(new UdpLink(socket))
      })
    })
  }

  send(bytes: Buffer): void {
    // A console's last words may come after the session was dropped.
    if (this.#closed) return
    this.#socket.send(bytes, (error) => {
      if (error) this.refused = true
    })
  }

  /** Every datagram from now on goes to `listener` too; the returned function ends that. */
  listen(listener: (bytes: Buffer) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether an idle link keeps the process alive. */
  hold(alive: boolean): void {
    if (this.#closed) return
    if (alive) this.#socket.ref()
    else this.#socket.unref()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#listeners.clear()
    this.#socket.close()
  }
}
