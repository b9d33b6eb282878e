import { hostname } from "node:os"
import Fastify from "fastify"
import pino from "pino"
import { services } from "../../services/index.ts"
import { agentRoutes } from "../api/agent.ts"
import { hasApiPassword, passwordCheck } from "../api/auth.ts"
import { listenOnLoopback, listenOnSocket } from "../api/listen.ts"
import { certificateRoutes } from "../api/own/certificates.ts"
import { configRoute } from "../api/own/config.ts"
import { passwordRoute } from "../api/own/password.ts"
import { secretRoutes } from "../api/own/secrets.ts"
import type { ApiOptions } from "../api/ports.ts"
import { buildApi } from "../api/server.ts"
import { conductorFor } from "../conductor/assemble.ts"
import { verbNames } from "../deploy/verbs.ts"
import { netbootRoutes, netbootServerOptions } from "../netboot/routes.ts"
import { startNetboot } from "../netboot/start.ts"
import { openStore } from "../store/open.ts"
import { systemClock } from "../util/clock.ts"
import { inState, type Paths } from "../util/paths.ts"
import { certificateDesk } from "./certificates.ts"
import { startHousekeeping } from "./housekeeping.ts"
import { provisioningNetwork } from "./network.ts"
import { siteAuthority } from "./pki.ts"
import { startRegistry } from "./registry.ts"
import { checkKinds } from "./runs/checks.ts"
import { deployKind, deployNodes } from "./runs/deploy.ts"
import { RunEngine } from "./runs/engine.ts"
import { provisionRun } from "./runs/provision.ts"
import { siteConfig } from "./site-config.ts"
import { siteServices } from "./site-services.ts"

export interface ServeOptions {
  readonly paths: Paths
  readonly interface: string
  /** DHCP pool, FIRST-LAST. */
  readonly range?: string
  /** Boot machines that nobody enrolled into the ramdisk, to see what they are. */
  readonly discover?: boolean
  readonly automatedClean?: boolean
  /** TCP port on 127.0.0.1 for other clients of Ironic's API; none without it. */
  readonly apiPort?: number
}

export const HTTP_PORT = 8080
export const REGISTRY_PORT = 5000

/**
 * Everything that the provisioner does, in one process: the store, netboot, the registry, the conductor, the runs and both
 * listeners. Resolves when all of it serves; the returned function ends it in the reverse order.
 */
export async function serve(options: ServeOptions): Promise<() => Promise<void>> {
  const { paths } = options
  const clock = systemClock
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime })
  const ending = new AbortController()
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => {
    ending.abort()
    for (const closer of closers.reverse()) await closer().catch((error) => log.error(error))
  }
  /** Keeps what was started in the list of what must be closed. */
  const opened = <T>(thing: T, closer: (thing: T) => Promise<unknown>): T => {
    closers.push(() => closer(thing))
    return thing
  }

  try {
    const network = await provisioningNetwork(options.interface, options.range, clock)
    const { address } = network
    const serviceUrl = `http://${address}:${HTTP_PORT}`
    const store = opened(await openStore(paths, { clock }), (it) => it.close())

    opened(startHousekeeping({ store, clock, log: (line) => log.info(line) }), (end) => end())

    const authority = await siteAuthority(store, clock)
    const registryOptions = {
      paths,
      clock,
      authority,
      address,
      port: REGISTRY_PORT,
      log: (line: string) => log.warn(line),
    }
    opened(await startRegistry(registryOptions), (it) => it.stop())

    const netboot = await startNetboot({
      ...network,
      store,
      paths,
      clock,
      signal: ending.signal,
      unknown: options.discover ? "discover" : "ignore",
      httpPort: HTTP_PORT,
      log: (line) => log.info(line),
    })
    opened(netboot, (it) => it.close())

    const conductor = conductorFor({ store, paths, serviceUrl, clock, automatedClean: options.automatedClean ?? false })
    const deploy = {
      store,
      clock,
      paths,
      registry: { address: `${address}:${REGISTRY_PORT}`, ca: authority.certificate },
    }
    const runs = new RunEngine({
      store,
      clock,
      kinds: {
        provision: provisionRun({
          store,
          conductor,
          paths,
          deploy: (nodes, context) => deployNodes(deploy, nodes, context),
        }),
        ...Object.fromEntries(verbNames.map((verb) => [verb, deployKind(deploy, verb)])),
        ...checkKinds(deploy),
      },
    })

    const toNodes = Fastify({ ...netbootServerOptions, logger: false })
    await toNodes.register(netbootRoutes, netboot.routes)
    await toNodes.register(agentRoutes, { conductor })
    opened(toNodes, (it) => it.close())
    await toNodes.listen({ host: address, port: HTTP_PORT })

    const apiOptions: ApiOptions = {
      store,
      conductor,
      runs,
      services: siteServices({ store, paths, clock }),
      clock,
      hostname: hostname(),
      onFailure: (error) => log.error(error),
    }
    const api = opened(buildApi(apiOptions), (it) => it.close())
    passwordRoute(api, apiOptions)
    secretRoutes(api, { ...apiOptions, services })
    certificateRoutes(api, certificateDesk({ store, clock, paths, authority }))
    configRoute(api, siteConfig({ store, paths, clock }))
    await listenOnSocket(api, inState.apiSocket(paths))
    if (options.apiPort !== undefined) {
      const guarded = opened(buildApi({ ...apiOptions, authenticate: passwordCheck(store) }), (it) => it.close())
      await listenOnLoopback(guarded, options.apiPort)
      if (!(await hasApiPassword(store))) log.warn("nobody can log in over TCP yet: run bifrost-ts api-password")
    }

    await conductor.start()
    opened(conductor, (it) => it.stop())
    await runs.resume()
    opened(runs, (it) => it.stop())
    log.info({ ...network, api: inState.apiSocket(paths) }, "serving")
  } catch (error) {
    await close()
    throw error
  }
  return close
}
