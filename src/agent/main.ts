import { randomBytes } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { setTimeout as grace } from "node:timers/promises"
import { systemClock } from "../util/clock.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { Secret } from "../util/secret.ts"
import { type Leave, leave } from "./boot/leave.ts"
import { agentParameters, parseCmdline } from "./cmdline.ts"
import { agentCommands } from "./commands.ts"
import { agentErrors } from "./errors.ts"
import { Heartbeats } from "./heartbeats.ts"
import { readInterfaces } from "./inventory.ts"
import { agentLog } from "./logs.ts"
import { AGENT_PORT, TOKEN_WITHHELD } from "./protocol.ts"
import { CommandRegistry } from "./registry.ts"
import { agentApi, listen } from "./server.ts"
import { addressTowards, Service } from "./service.ts"
import { kernelFiles } from "./sysfs.ts"

/**
 * The program in the deploy ramdisk: finds the service on the kernel command line, looks its node up, then does what it
 * is told on port 9999. Tests give another root for the kernel's files and another port by the environment.
 */
const files = kernelFiles(process.env["BIFROST_AGENT_ROOT"] ?? "/")
const port = Number(process.env["BIFROST_AGENT_PORT"] ?? AGENT_PORT)
const log = agentLog(
  () => systemClock.now(),
  (line) => console.log(line),
)

/** The service fetches the last result after the heartbeat that announces it; then this system may end. */
const LEAVE_AFTER_MS = 1500

async function main(): Promise<void> {
  const parameters = agentParameters(parseCmdline(files.text("proc/cmdline") ?? ""))
  if (!parameters.apiUrl) throw new BifrostError(agentErrors.NO_API_URL)
  const service = new Service(parameters.apiUrl, systemClock, log.write)
  const macs = readInterfaces(files).map((each) => each.mac_address)
  const addresses = [...new Set([...(parameters.bootMac ? [parameters.bootMac] : []), ...macs])]
  log.write(`looks up ${addresses.join(", ")} at ${parameters.apiUrl}`)
  const { node, config } = await service.lookup(addresses, bootKey(), parameters.lookupTimeoutMs)
  const token = keepToken(config.agent_token, parameters.token)
  log.write(`is node ${node.uuid}`)

  let leaving: Leave | undefined
  const commands = agentCommands({
    files,
    clock: systemClock,
    log,
    bootMac: parameters.bootMac,
    node: () => node,
    report: (progress) => void service.progress(node.uuid, { agent_token: token.reveal(), ...progress }),
    leaveLater: (how) => {
      leaving = how
    },
  })
  const registry = new CommandRegistry(commands, async ({ command_name, command_status, command_error }) => {
    log.write(`${command_name}: ${command_status}${command_error ? `: ${command_error.details}` : ""}`)
    await heartbeats.beat()
    if (leaving) await end(leaving)
  })
  const api = agentApi(registry, token, systemClock.now() / 1000)
  const listening = await listen(api, await addressTowards(parameters.apiUrl), port)
  const heartbeats = new Heartbeats({
    clock: systemClock,
    send: () => service.heartbeat(node.uuid, listening.url, token),
    timeoutMs: config.heartbeat_timeout * 1000,
    log: log.write,
  })

  async function end(how: Leave): Promise<void> {
    heartbeats.stop()
    await grace(LEAVE_AFTER_MS)
    log.write(`ends this system: ${how}`)
    await listening.close()
    await leave(how, files, log.write)
  }

  log.write(`listens on ${listening.url}`)
  await heartbeats.beat()
}

/** What this boot is known by to the service: an answer that got lost, token and all, is given to it again. */
function bootKey(): Secret {
  return keep("run/bifrost-boot-key", files.text("run/bifrost-boot-key") ?? randomBytes(32).toString("hex"))
}

/** The token is handed out once for each boot of the ramdisk. */
function keepToken(handedOut: string | undefined, onCmdline: string | undefined): Secret {
  const fresh = handedOut === TOKEN_WITHHELD ? onCmdline : (handedOut ?? onCmdline)
  const token = fresh ?? files.text("run/bifrost-agent-token")
  if (!token) throw new BifrostError(agentErrors.NO_TOKEN)
  return keep("run/bifrost-agent-token", token)
}

/** Kept in memory-backed /run, so that an agent that init started again can go on. */
function keep(file: string, value: string): Secret {
  const path = files.path(file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, value, { mode: 0o600 })
  return new Secret(value)
}

main().catch((error) => {
  log.write(messageOf(error))
  if (error instanceof BifrostError) log.write(error.remedy)
  process.exit(1)
})
