import { IpmiClient } from "../../ipmi/client.ts"
import type { NodeRecord, PowerState } from "../../store/records.ts"
import type { Clock } from "../../util/clock.ts"
import type { Secret } from "../../util/secret.ts"
import { textOf } from "../operation.ts"
import { isBootDevice, type PowerTarget } from "../port.ts"
import type { Driver, ManagementDriver, PowerDriver } from "./types.ts"

const defaultPort = 623

/** How long a guest gets to shut itself down before it is switched off. */
const softWithin = 5 * 60_000
const softPoll = 2_000

/** IPMI 2.0. One client, hence one session and one queue of commands, for each BMC, however many callers there are. */
export function ipmiDriver(clock: Clock): Driver {
  const pool = new Map<string, { client: IpmiClient; secret: string }>()

  function clientFor(node: NodeRecord, password: Secret): IpmiClient {
    const { host, port, username } = addressOf(node)
    const key = `${host}:${port}`
    const secret = `${username}\0${password.reveal()}`
    const pooled = pool.get(key)
    if (pooled?.secret === secret) return pooled.client
    // The credentials were corrected: commands in flight on the old session fail, which is what they deserve.
    void pooled?.client.close()
    const target = { host, port, username, password, node: node.name ?? node.uuid }
    const client = new IpmiClient(target, { clock })
    pool.set(key, { client, secret })
    return client
  }

  return {
    missing(node, password) {
      if (!textOf(node.driver_info["ipmi_address"])) return "driver_info.ipmi_address is not set"
      const { port } = addressOf(node)
      if (!Number.isInteger(port) || port < 1 || port > 65535) return "driver_info.ipmi_port is not a port number"
      if (!password) return "driver_info.ipmi_password is not set"
      return undefined
    },
    power: (node, password) => powerOver(() => clientFor(node, password), clock),
    management: (node, password) => managementOver(() => clientFor(node, password)),
    async close() {
      const clients = [...pool.values()]
      pool.clear()
      await Promise.all(clients.map(({ client }) => client.close()))
    },
  }
}

function addressOf(node: NodeRecord): { host: string; port: number; username: string } {
  const { ipmi_address, ipmi_port, ipmi_username } = node.driver_info
  return {
    host: textOf(ipmi_address) ?? "",
    port: Number(ipmi_port ?? defaultPort),
    username: textOf(ipmi_username) ?? "",
  }
}

function powerOver(client: () => IpmiClient, clock: Clock): PowerDriver {
  const get = async (signal: AbortSignal): Promise<PowerState> => {
    const { power } = await client().chassisStatus({ signal })
    return power === "on" ? "power on" : "power off"
  }

  async function shutDown(signal: AbortSignal): Promise<void> {
    if ((await get(signal)) === "power off") return
    await client().chassisControl("soft", { signal })
    const until = clock.now() + softWithin
    while (clock.now() < until) {
      if ((await get(signal)) === "power off") return
      await clock.sleep(softPoll, signal)
    }
    await client().chassisControl("off", { signal })
  }

  const actions: Record<PowerTarget, (signal: AbortSignal) => Promise<void>> = {
    "power on": (signal) => client().chassisControl("on", { signal }),
    "power off": (signal) => client().chassisControl("off", { signal }),
    async rebooting(signal) {
      // A cycle is refused by a machine that is off (IPMI 2.0 §28.3).
      const action = (await get(signal)) === "power on" ? "cycle" : "on"
      await client().chassisControl(action, { signal })
    },
    "soft power off": shutDown,
    async "soft rebooting"(signal) {
      await shutDown(signal)
      await client().chassisControl("on", { signal })
    },
  }

  return {
    get,
    async set(target, signal) {
      await actions[target](signal)
      return get(signal)
    },
  }
}

function managementOver(client: () => IpmiClient): ManagementDriver {
  return {
    setBootDevice: (device, { persistent, efi }, signal) =>
      client().setBootDevice({ device, persistent, efi }, { signal }),
    async getBootDevice(signal) {
      const { device, persistent } = await client().getBootDevice({ signal })
      if (!isBootDevice(device)) return { device: null, persistent: null }
      return { device, persistent }
    },
  }
}
