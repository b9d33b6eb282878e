import { createSocket } from "node:dgram"
import { readFile } from "node:fs/promises"
import type { Clock } from "../util/clock.ts"

/** Asks the network whether an address is in use before it is given away (RFC 2131 §3.1, step 2). */
export interface AddressProbe {
  /** The MAC that answers for the address, or undefined when nobody does. */
  holderOf(address: string): Promise<string | undefined>
}

const PROBE_MS = 200
/** RFC 863. Nobody listens there, and it does not matter: the question is asked below UDP. */
const DISCARD_PORT = 9
/** include/uapi/linux/if_arp.h: ATF_COM, the entry has a hardware address. */
const COMPLETE = 0x2

/**
 * A datagram to the address makes the kernel ask for it by ARP; the answer stands in /proc/net/arp. Needs no raw socket,
 * and finds hosts whose firewall drops ICMP as well.
 *
 * @param from the server's address: the question leaves by its interface
 */
export function arpProbe(from: string, clock: Clock): AddressProbe {
  return {
    async holderOf(address) {
      const socket = createSocket("udp4")
      // An unreachable network or a refused datagram says nothing that the ARP table does not.
      socket.on("error", () => {})
      try {
        await new Promise<void>((resolve, reject) => {
          socket.once("error", reject)
          socket.bind({ address: from, port: 0, exclusive: true }, resolve)
        })
        socket.send(new Uint8Array(1), DISCARD_PORT, address, () => {})
        await clock.sleep(PROBE_MS)
      } catch {
        return undefined
      } finally {
        socket.close()
      }
      return holderIn(await readFile("/proc/net/arp", "utf8"), address)
    },
  }
}

/** The hardware address of a complete entry in the text of /proc/net/arp. */
export function holderIn(table: string, address: string): string | undefined {
  for (const line of table.split("\n").slice(1)) {
    const [ip, , flags, mac] = line.split(/\s+/)
    if (ip === address && mac && Number(flags) & COMPLETE) return mac.toLowerCase()
  }
  return undefined
}
