import type { Store } from "../store/port.ts"
import type { Clock } from "../util/clock.ts"
import type { Paths } from "../util/paths.ts"
import type { BootPolicy } from "./policy.ts"

/** Addresses for machines without a reservation, both ends included. */
export interface AddressRange {
  readonly from: string
  readonly to: string
}

/** A network behind a DHCP relay. */
export interface RelayedNetwork {
  /** Network and prefix, e.g. "10.1.0.0/24"; the relay's giaddr lies in it. */
  readonly network: string
  readonly range: AddressRange
  readonly router: string
}

export interface NetbootOptions {
  /** Name of the provisioning interface; it must exist, be up and carry `address`. */
  readonly interface: string
  /** The service's IPv4 address there. */
  readonly address: string
  readonly range: AddressRange
  readonly store: Store
  readonly paths: Paths
  readonly clock: Clock
  /** Ends every listener and the router advertisements. */
  readonly signal: AbortSignal
  /** Machines that nobody enrolled: "discover" boots them into the ramdisk, "ignore" (default) gives them an address only. */
  readonly unknown?: "discover" | "ignore"
  /** Default route and name servers handed out; without a router, nodes get none. */
  readonly router?: string
  readonly nameServers?: readonly string[]
  readonly relayed?: readonly RelayedNetwork[]
  readonly leaseSeconds?: number
  /** Port of the HTTP listener that has `netbootRoutes` mounted. Default 8080. */
  readonly httpPort?: number
  /** Appended to the ramdisk's kernel command line, e.g. "console=ttyS0,115200". */
  readonly kernelParameters?: readonly string[]
  /** One line a happening that no event tells. Never a secret. */
  readonly log?: (line: string) => void
}

/** What `startNetboot` gives: listeners that run, and what `netbootRoutes` must be registered with. */
export interface Netboot {
  readonly policy: BootPolicy
  readonly routes: NetbootRoutesOptions
  /** Resolves when every socket is closed and radvd is gone. */
  close(): Promise<void>
}

/** Options of the Fastify plugin `netbootRoutes`. */
export interface NetbootRoutesOptions {
  readonly policy: BootPolicy
  readonly store: Store
  readonly paths: Paths
  readonly clock: Clock
  /** How nodes reach this listener, without a slash at the end: "http://172.22.0.1:8080". */
  readonly baseUrl: string
  readonly kernelParameters: readonly string[]
  readonly log?: (line: string) => void
}
