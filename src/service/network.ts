import { networkInterfaces } from "node:os"
import { cidrHas } from "../util/cidr.ts"
import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { serviceErrors } from "./errors.ts"

export interface ProvisioningNetwork {
  readonly interface: string
  readonly address: string
  /** Network and prefix length of the address: "172.22.0.1/24". */
  readonly cidr: string
  /** DHCP pool for machines that are not enrolled, both ends included. */
  readonly range: { readonly from: string; readonly to: string }
}

const patience = 15_000
const lookEvery = 250

/**
 * The provisioning interface with its address. Waits a little: at boot, and in a lab, the interface comes up while the
 * service already starts.
 */
export async function provisioningNetwork(name: string, range: string | undefined, clock: Clock) {
  const deadline = clock.now() + patience
  for (;;) {
    const entry = networkInterfaces()[name]?.find(({ family }) => family === "IPv4")
    if (entry?.cidr) return network(name, entry.address, entry.cidr, range)
    if (clock.now() >= deadline) throw absent(name)
    await clock.sleep(lookEvery)
  }
}

function absent(name: string): BifrostError {
  const present = networkInterfaces()
  if (present[name]) return new BifrostError(serviceErrors.INTERFACE_WITHOUT_ADDRESS, { detail: name })
  const others = Object.keys(present).filter((other) => other !== "lo")
  const expected = others.length > 0 ? `one of ${others.join(", ")}` : "an interface besides lo"
  return new BifrostError(serviceErrors.INTERFACE_ABSENT, { detail: name, expected })
}

export function network(name: string, address: string, cidr: string, range: string | undefined): ProvisioningNetwork {
  const { from, to } = range === undefined ? upperPart(cidr) : parseRange(range)
  const own = toNumber(address)
  const wrong =
    !cidrHas(cidr, from) ||
    !cidrHas(cidr, to) ||
    toNumber(from) > toNumber(to) ||
    (own >= toNumber(from) && own <= toNumber(to))
  if (wrong) {
    throw new BifrostError(serviceErrors.RANGE_INVALID, { detail: `${from}-${to}`, expected: `addresses of ${cidr}` })
  }
  return { interface: name, address, cidr, range: { from, to } }
}

function parseRange(text: string) {
  const [from, to, ...rest] = text.split("-").map((part) => part.trim())
  const octets = /^\d{1,3}(\.\d{1,3}){3}$/
  if (!from || !to || rest.length > 0 || !octets.test(from) || !octets.test(to)) {
    throw new BifrostError(serviceErrors.RANGE_INVALID, { detail: text, expected: "FIRST-LAST" })
  }
  return { from, to }
}

/** Without a range, the upper half of the network less its last 16 addresses: the lower half is for enrolled machines. */
function upperPart(cidr: string) {
  const [address = "", prefix = "24"] = cidr.split("/")
  const size = 2 ** (32 - Number(prefix))
  const first = Math.floor(toNumber(address) / size) * size
  return { from: toAddress(first + size / 2), to: toAddress(first + size - Math.min(16, size / 4) - 1) }
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".")
}
