import { join } from "node:path"
import fastify from "fastify"
import { agentRoutes } from "../../../src/api/agent.ts"
import { toolsFor } from "../../../src/conductor/assemble.ts"
import { createConductor } from "../../../src/conductor/conductor.ts"
import { ipmiDriver } from "../../../src/conductor/drivers/ipmi.ts"
import { sshProbe } from "../../../src/conductor/os-probe.ts"
import { netbootRoutes, netbootServerOptions } from "../../../src/netboot/routes.ts"
import { storePolicy } from "../../../src/netboot/store-policy.ts"
import { openStore } from "../../../src/store/open.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { crashingStore } from "./crashing-store.ts"
import { fastClock } from "./fast-clock.ts"

/**
 * The service as far as a deploy needs it, in a process that may be killed: store, conductor, boot policy, HTTP. Started
 * with its configuration in the environment; takes `{provision: verb}` from its parent, and tells it `{state}`.
 */
export interface ServiceConfig {
  readonly state: string
  readonly port: number
  readonly sshPort: number
  readonly epoch: number
  readonly factor: number
  /** Where to die, see crashing-store.ts. */
  readonly crash: readonly string[]
}

const config = JSON.parse(process.env["SERVICE_CONFIG"]!) as ServiceConfig
const paths = { state: config.state, cache: join(config.state, "cache") }
const clock = fastClock(config.epoch, config.factor)
const store = crashingStore(await openStore(paths, { clock }), config.crash, join(config.state, "crashed"))
const serviceUrl = `http://127.0.0.1:${config.port}`

const conductor = createConductor({
  ...toolsFor({ store, paths, serviceUrl, clock }),
  // The BMC answers in real time.
  drivers: { ipmi: ipmiDriver(systemClock) },
  probe: { check: (target, signal) => sshProbe.check({ ...target, port: config.sshPort }, signal) },
})

const server = fastify(netbootServerOptions)
await server.register(netbootRoutes, {
  policy: storePolicy(store, "ignore"),
  store,
  paths,
  clock,
  baseUrl: serviceUrl,
  kernelParameters: [],
})
await server.register(agentRoutes, { conductor })
await server.listen({ host: "127.0.0.1", port: config.port })
await conductor.start()

process.on("message", ({ provision }: { provision: string }) => {
  conductor.provision("node-1", provision).then(
    () => process.send?.({ accepted: provision }),
    (error) => process.send?.({ refused: String(error) }),
  )
})
process.on("disconnect", () => process.exit(0))
process.send?.({ ready: true })
