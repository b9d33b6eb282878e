import { openLeaseBook } from "../dhcp/lease-book.ts"
import { arpProbe } from "../dhcp/probe.ts"
import { startDhcpServer } from "../dhcp/server.ts"
import { startTftpServer, type TransferReport } from "../tftp/server.ts"
import { messageOf } from "../util/errors.ts"
import { inState } from "../util/paths.ts"
import { macOfAddress, recordSighting } from "./attribution.ts"
import { bootFileFor, recordExchange } from "./dhcp-boot.ts"
import { loaderSource } from "./loader-source.ts"
import { servedSubnets } from "./network.ts"
import type { Netboot, NetbootOptions } from "./options.ts"
import { reservationsFrom } from "./reservations.ts"
import { startAdvertisements } from "./router-advertisements.ts"
import { storePolicy } from "./store-policy.ts"

const LEASE_SECONDS = 3600
const HTTP_PORT = 8080
/** The last console is the one that the agent's own output goes to. */
const KERNEL_PARAMETERS = ["console=tty0", "console=ttyS0,115200"]

/**
 * Starts DHCP, TFTP and router advertisements on the provisioning interface. The caller registers `netbootRoutes` with
 * `routes` on its HTTP listener. Everything ends with `signal` or `close()`. Rejects with the coded errors of this room,
 * DHCP_… or TFTP_…; nothing is left running then.
 */
export async function startNetboot(options: NetbootOptions): Promise<Netboot> {
  const { address, store, paths, clock, log = () => {} } = options
  const subnets = servedSubnets(options)
  const baseUrl = `http://${address}:${options.httpPort ?? HTTP_PORT}`
  const policy = storePolicy(store, options.unknown ?? "ignore")
  const kernelParameters = options.kernelParameters ?? KERNEL_PARAMETERS

  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  const started: { close(): Promise<void> }[] = []
  const close = async () => {
    ending.abort()
    await Promise.all(started.map((each) => each.close()))
  }
  /** Records in the order of what happened, whatever the store's speed. */
  let recording = Promise.resolve()
  const record = (work: () => Promise<void>) => {
    recording = recording.then(work).catch((error) => log(`netboot: an event was not stored: ${messageOf(error)}`))
  }

  try {
    started.push(
      await startTftpServer({
        address,
        source: loaderSource(inState.boot(paths), baseUrl),
        clock,
        signal,
        log,
        onTransfer: (transfer) => record(() => recordTransfer(transfer)),
      }),
    )
    started.push(
      await startDhcpServer({
        config: {
          address,
          subnets,
          leaseSeconds: options.leaseSeconds ?? LEASE_SECONDS,
          nameServers: options.nameServers ?? [],
        },
        ports: {
          clock,
          leases: await openLeaseBook(store.leases, clock, new Set([address, ...routersOf(options)])),
          probe: arpProbe(address, clock),
          reservations: () => reservationsFrom(store),
          bootFile: (request) => bootFileFor(request, { policy, address, baseUrl }),
        },
        signal,
        log,
        onExchange: (exchange) => record(() => recordExchange(store, exchange)),
      }),
    )
  } catch (error) {
    await close()
    throw error
  }
  const advertisements = startAdvertisements({ interface: options.interface, paths, clock, log })
  started.push({ close: () => advertisements.stop() }, { close: () => recording })
  options.signal.addEventListener("abort", () => void close(), { once: true })
  if (options.signal.aborted) await close()
  return { policy, routes: { policy, store, paths, clock, baseUrl, kernelParameters, log }, close }

  async function recordTransfer({ client, file, bytes, ok, why, ms }: TransferReport): Promise<void> {
    const mac = await macOfAddress(store, client, clock.now())
    const data = { file, bytes, complete: ok, why: why ?? null, ms, address: client, by: "tftp" }
    await recordSighting(store, { kind: "netboot.loader", mac, data })
  }
}

function routersOf({ router, relayed = [] }: NetbootOptions): string[] {
  return [...(router === undefined ? [] : [router]), ...relayed.map((each) => each.router)]
}
