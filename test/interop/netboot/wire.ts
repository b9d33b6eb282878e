import { createInterface } from "node:readline"
import type { World } from "./world.ts"

/** Datagrams as they are on the wire. Nothing of src/ takes part, since that is what is judged here. */
export interface Datagram {
  readonly address: string
  readonly port: number
  readonly bytes: Buffer
}

export interface Wire {
  send(bytes: Uint8Array, to: { address: string; port: number }): void
  /** The next datagram that comes, in their order. */
  next(): Promise<Datagram>
  close(): Promise<void>
}

/** A UDP socket in a namespace; port 0 takes any. */
export async function openWire(world: World, namespace: string, address: string, port: number): Promise<Wire> {
  const script = `${import.meta.dirname}/datagrams.ts`
  const child = world.start(namespace, process.execPath, script, address, String(port))
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()))
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const line = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error("the socket's process ended")
    return value
  }
  await line()
  return {
    send: (bytes, to) => void child.stdin?.write(`${to.address} ${to.port} ${Buffer.from(bytes).toString("hex")}\n`),
    async next() {
      const [from = "", at, hex = ""] = (await line()).split(" ")
      return { address: from, port: Number(at), bytes: Buffer.from(hex, "hex") }
    },
    close() {
      child.stdin?.end()
      return closed
    },
  }
}

/** Message types of RFC 2132 §9.6. */
export const dhcp = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6, inform: 8 } as const

export interface DhcpFields {
  readonly mac: string
  readonly ciaddr?: string
  readonly giaddr?: string
}

/** A client's message (RFC 2131 §2, figure 1), as a relay passes it on where `giaddr` is given. */
export function dhcpMessage(type: number, { mac, ciaddr, giaddr }: DhcpFields, options: [number, number[]][]): Buffer {
  const head = Buffer.alloc(240)
  head.set([1, 1, 6, giaddr ? 1 : 0, 0xb1, 0xf0, 0x57, type])
  if (ciaddr) head.set(octets(ciaddr), 12)
  if (giaddr) head.set(octets(giaddr), 24)
  head.set(Buffer.from(mac.replaceAll(":", ""), "hex"), 28)
  head.set([99, 130, 83, 99], 236)
  const tail = [[53, 1, type], ...options.map(([code, value]) => [code, value.length, ...value]), [255]]
  return Buffer.concat([head, Buffer.from(tail.flat())])
}

export const octets = (address: string) => address.split(".").map(Number)

/** What a server sent. Options as `code hexadecimal`, in their order. */
export function readDhcpReply(bytes: Buffer) {
  const address = (at: number) => bytes.subarray(at, at + 4).join(".")
  const options: string[] = []
  for (let at = 240; at < bytes.length && bytes[at] !== 255; ) {
    const [code = 0, length = 0] = bytes.subarray(at, at + 2)
    options.push(`${code} ${bytes.toString("hex", at + 2, at + 2 + length)}`)
    at += 2 + length
  }
  return {
    op: bytes[0],
    xid: bytes.toString("hex", 4, 8),
    ciaddr: address(12),
    yiaddr: address(16),
    giaddr: address(24),
    mac: bytes.toString("hex", 28, 34),
    options,
  }
}
