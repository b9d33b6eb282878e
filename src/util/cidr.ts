import { BlockList, isIP } from "node:net"

const families = { 4: "ipv4", 6: "ipv6" } as const
const familyOf = (address: string) => families[isIP(address) as 4 | 6]

/** Whether the text is a network such as 10.0.0.0/24 or fd00::/64. */
export function isCidr(text: string): boolean {
  const [network = "", prefix = "", ...rest] = text.split("/")
  const family = familyOf(network)
  return (
    family !== undefined &&
    rest.length === 0 &&
    /^\d{1,3}$/.test(prefix) &&
    Number(prefix) <= (family === "ipv6" ? 128 : 32)
  )
}

/** Whether an address is in a network; never when they are of different families. */
export function cidrHas(cidr: string, address: string): boolean {
  const [network = "", prefix] = cidr.split("/")
  const family = familyOf(network)
  if (family === undefined || familyOf(address) !== family) return false
  const block = new BlockList()
  block.addSubnet(network, Number(prefix), family)
  return block.check(address, family)
}
