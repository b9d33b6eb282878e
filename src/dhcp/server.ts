import type { Socket } from "node:dgram"
import { messageOf } from "../util/errors.ts"
import { type BindFailures, bindUdp } from "../util/udp.ts"
import { answer, type DhcpConfig, type DhcpPorts, type Exchange } from "./engine.ts"
import { dhcpErrors } from "./errors.ts"
import { LIMITED_BROADCAST } from "./ipv4.ts"
import { decodePacket, encodePacket } from "./packet.ts"
import { type Addressed, SERVER_PORT } from "./reply.ts"

export interface DhcpServerOptions {
  readonly config: DhcpConfig
  readonly ports: DhcpPorts
  readonly signal: AbortSignal
  /** Called once the answer, if any, has been sent. */
  readonly onExchange?: (exchange: Exchange) => void
  readonly log?: (line: string) => void
}

/** A flood beyond this many messages in work is dropped; clients repeat themselves. */
const IN_WORK = 512

/**
 * Serves until `signal` aborts. Two sockets share port 67: one bound to the server's address hears relays and renewals
 * and sends every reply; one bound to 255.255.255.255 hears clients without an address. Linux sends a limited broadcast
 * by the interface that carries the sending socket's address, so no other network ever hears this server
 * (docs/decisions/0022). Rejects with DHCP_PORT_TAKEN, DHCP_NOT_PERMITTED or DHCP_ADDRESS_ABSENT.
 */
export async function startDhcpServer(options: DhcpServerOptions): Promise<{ close(): Promise<void> }> {
  const { config, ports, signal, log = () => {} } = options
  const sockets: Socket[] = []
  const close = async () => {
    await Promise.all(sockets.splice(0).map((socket) => new Promise<void>((done) => socket.close(() => done()))))
  }
  /** Messages in work by client and transaction: a repetition waits for the answer that is on its way. */
  const inWork = new Set<string>()

  async function handle(bytes: Uint8Array): Promise<void> {
    let key: string | undefined
    try {
      const packet = decodePacket(bytes)
      const name = `${packet.chaddr} ${packet.xid}`
      if (inWork.has(name) || inWork.size >= IN_WORK) return
      key = name
      inWork.add(key)
      const outcome = await answer(packet, config, ports)
      if (!outcome) return
      const { reply, exchange } = outcome
      if (reply) await send(reply)
      options.onExchange?.(exchange)
    } catch (error) {
      log(`DHCP: ${messageOf(error)}`)
    } finally {
      if (key !== undefined) inWork.delete(key)
    }
  }

  function send({ packet, address, port }: Addressed): Promise<void> {
    const message = encodePacket(packet)
    return new Promise((done) => {
      // Gone when the server was closed while the answer was in work.
      const [sender] = sockets
      if (!sender) return done()
      sender.send(message, port, address, (error) => {
        if (error) log(`DHCP: reply to ${packet.chaddr} not sent: ${error.message}`)
        done()
      })
    })
  }

  try {
    const sender = await open(config.address, handle, log)
    sockets.push(sender)
    sender.setBroadcast(true)
    sockets.push(await open(LIMITED_BROADCAST, handle, log))
  } catch (error) {
    await close()
    throw error
  }
  signal.addEventListener("abort", () => void close(), { once: true })
  if (signal.aborted) await close()
  return { close }
}

const bindFailures: BindFailures = {
  EADDRINUSE: dhcpErrors.DHCP_PORT_TAKEN,
  EACCES: dhcpErrors.DHCP_NOT_PERMITTED,
  EADDRNOTAVAIL: dhcpErrors.DHCP_ADDRESS_ABSENT,
}

async function open(
  address: string,
  onMessage: (bytes: Uint8Array) => void,
  log: (line: string) => void,
): Promise<Socket> {
  const socket = await bindUdp(address, SERVER_PORT, bindFailures)
  // Linux reports ICMP errors of earlier sends here; the next message is served all the same.
  socket.on("error", (error) => log(`DHCP: ${error.message}`))
  socket.on("message", onMessage)
  return socket
}
