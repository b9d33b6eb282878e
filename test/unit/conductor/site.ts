import { randomUUID } from "node:crypto"
import type { CommandResult, Commands } from "../../../src/agent/protocol.ts"
import type { AgentClient } from "../../../src/conductor/agent-client.ts"
import { succeeded } from "../../../src/conductor/agent-client.ts"
import { createConductor } from "../../../src/conductor/conductor.ts"
import type { ConfigDriveRequest } from "../../../src/conductor/config-drive.ts"
import { manualDriver } from "../../../src/conductor/drivers/manual.ts"
import type { Driver } from "../../../src/conductor/drivers/types.ts"
import { conductorErrors } from "../../../src/conductor/errors.ts"
import type { OsTarget } from "../../../src/conductor/os-probe.ts"
import { limits, networkBoot, systemBoot } from "../../../src/conductor/phases.ts"
import type { BootDevice, Conductor } from "../../../src/conductor/port.ts"
import type { Tools } from "../../../src/conductor/step.ts"
import type { ProvisionState } from "../../../src/states/table.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import type { Store } from "../../../src/store/port.ts"
import type { EventRecord, JsonObject, NodeRecord, PowerState } from "../../../src/store/records.ts"
import { BifrostError, defineErrors } from "../../../src/util/errors.ts"
import { Secret } from "../../../src/util/secret.ts"
import { aNode, aPort } from "../store/records.ts"
import { ManualClock } from "./manual-clock.ts"

const uuid = "11111111-2222-4333-8444-555555555555"
const mac = "52:54:00:00:00:01"

export const testErrors = defineErrors({
  BMC_WRONG_PASSWORD: { status: 502, summary: "the BMC refused the password", remedy: "Correct it." },
})

/** How the machine of a test behaves; each may be changed while it runs. */
export interface Behaviour {
  /** How far a network boot gets: the number of phases that show, of all. */
  phases: number
  write: "succeeds" | "fails" | "never ends" | "finds no image once"
  /** Nothing reaches the agent any more. */
  agentDead: boolean
  systemComesUp: boolean
  bmc: Error | undefined
}

/** One node, its machine and a conductor over a store in memory. All is driven by the conductor's own calls. */
export class Site {
  readonly clock = new ManualClock()
  readonly behaviour: Behaviour = {
    phases: networkBoot.length,
    write: "succeeds",
    agentDead: false,
    systemComesUp: true,
    bmc: undefined,
  }
  /** What the machine was made to do, in order. */
  /** Whom the probe was sent to. */
  readonly probed: OsTarget[] = []
  readonly deeds: string[] = []
  readonly drives: ConfigDriveRequest[] = []
  readonly commands: CommandResult[] = []
  power: PowerState = "power off"
  booted = false
  store!: Store
  conductor!: Conductor
  tools!: Tools
  #bootDevice: BootDevice | null = null
  #token = ""

  static async open(state: ProvisionState = "available", changes: Partial<NodeRecord> = {}): Promise<Site> {
    const site = new Site()
    site.store = await openMemoryStore({ clock: site.clock })
    await site.store.nodes.insert(aNode({ ...described, provision_state: state, ...changes }))
    await site.store.ports.insert(aPort(uuid, mac))
    await site.store.secrets.put(uuid, "fake_password", new Secret("hush"))
    site.tools = site.#tools()
    site.conductor = createConductor(site.tools)
    await site.conductor.start()
    return site
  }

  /** A new process over the same store. */
  async restart(): Promise<void> {
    await this.conductor.stop()
    this.conductor = createConductor(this.tools)
    await this.conductor.start()
  }

  node = async (): Promise<NodeRecord> => (await this.store.nodes.find(uuid))!
  reaches = (...states: ProvisionState[]) => this.conductor.waitFor(uuid, states, AbortSignal.timeout(10_000))

  /** Resolves with the first event, past or to come, that fits. */
  seen(kind: string, data: JsonObject = {}): Promise<EventRecord> {
    const fits = (event: EventRecord) =>
      event.kind === kind && Object.entries(data).every(([key, value]) => event.data[key] === value)
    return new Promise((resolve, reject) => {
      const unsubscribe = this.store.events.subscribe((event) => {
        if (!fits(event)) return
        unsubscribe()
        resolve(event)
      })
      this.store.events.since(0).then((events) => {
        const event = events.find(fits)
        if (!event) return
        unsubscribe()
        resolve(event)
      }, reject)
    })
  }

  stepBegins = (step: string, attempt = 1) => this.seen("step.start", { step, attempt })

  async close(): Promise<void> {
    await this.conductor.stop()
    await this.store.close()
  }

  heartbeat = (changes: { agent_token?: string; callback_url?: string } = {}) =>
    this.conductor.heartbeat(uuid, {
      callback_url: "http://172.22.0.11:9999",
      agent_token: this.#token,
      agent_version: "11.0.0",
      ...changes,
    })

  report = (kind: string, data: JsonObject = {}) =>
    this.store.events.append({ kind, node_uuid: uuid, run_id: null, data })

  async #boot(): Promise<void> {
    if (this.#bootDevice !== "pxe") {
      if (this.behaviour.systemComesUp) await this.#systemUp()
      return
    }
    this.#bootDevice = null
    this.behaviour.agentDead = false
    const kinds = networkBoot.slice(0, this.behaviour.phases).map(({ event }) => event)
    for (const kind of kinds) {
      if (kind === "agent.lookup") {
        const { config } = await this.conductor.lookup({ addresses: [mac.toUpperCase()] })
        this.#token = config.agent_token ?? ""
      } else if (kind === "agent.heartbeat") await this.heartbeat()
      else await this.report(kind)
    }
  }

  async #systemUp(): Promise<void> {
    this.booted = true
    const token = await this.store.secrets.get(uuid, "first_boot_token")
    if (token) await this.conductor.firstBoot(uuid, token.reveal())
  }

  async #setPower(to: PowerState): Promise<void> {
    if (this.behaviour.bmc) throw this.behaviour.bmc
    const was = this.power
    this.power = to
    if (to === "power off") this.commands.length = 0
    else if (was === "power off") await this.#boot()
  }

  #driver(): Driver {
    return {
      missing: (node, password) =>
        node.driver_info["fake_address"] && password ? undefined : "fake_address is not set",
      power: () => ({
        get: async () => {
          if (this.behaviour.bmc) throw this.behaviour.bmc
          return this.power
        },
        set: async (target) => {
          this.deeds.push(target)
          if (target === "rebooting") await this.#setPower("power off")
          await this.#setPower(target === "power off" ? "power off" : "power on")
          return this.power
        },
      }),
      management: () => ({
        setBootDevice: async (device, { persistent, efi }) => {
          this.deeds.push(`boot ${device}${persistent ? " always" : ""}${efi ? " uefi" : ""}`)
          this.#bootDevice = device
        },
        getBootDevice: async () => ({ device: this.#bootDevice, persistent: false }),
      }),
      close: async () => {},
    }
  }

  #agent(): AgentClient {
    const answer = () => {
      if (!this.behaviour.agentDead && this.power === "power on") return
      throw new BifrostError(conductorErrors.AGENT_LOST, { detail: "does not answer" })
    }
    const begin = (name: string, params: unknown): CommandResult => {
      answer()
      const isWrite = name === "deploy.execute_deploy_step"
      const fault = isWrite ? faults[this.behaviour.write] : undefined
      const command_status = fault
        ? "FAILED"
        : isWrite && this.behaviour.write === "never ends"
          ? "RUNNING"
          : "SUCCEEDED"
      if (isWrite && this.behaviour.write === "finds no image once") this.behaviour.write = "succeeds"
      const command = {
        id: randomUUID(),
        command_name: name,
        command_params: params as Record<string, unknown>,
        command_status,
        command_error: fault ? { ...fault, code: 409, details: `${fault.message}\nCorrect it.` } : null,
        command_result: results[name] ?? null,
      } satisfies CommandResult
      this.deeds.push(name)
      this.commands.push(command)
      return command
    }
    return {
      run: async (name, params) => {
        const result = begin(name, params)
        succeeded(result, "fake")
        if (name === "standby.boot_image" && this.behaviour.systemComesUp) await this.#systemUp()
        return result.command_result as Commands[typeof name]["result"]
      },
      begin: async (name, params) => {
        const result = begin(name, params)
        return { ...result, command_status: "RUNNING" } as never
      },
      commands: async () => {
        answer()
        return this.commands
      },
      command: async (id) => {
        answer()
        const found = this.commands.find((each) => each.id === id)
        if (!found) throw new BifrostError(conductorErrors.AGENT_FAILED, { detail: "no such command" })
        return found
      },
    }
  }

  #tools(): Tools {
    return {
      store: this.store,
      clock: this.clock,
      drivers: { fake: this.#driver(), "manual-management": manualDriver },
      agent: async () => this.#agent(),
      probe: {
        check: async (target) => {
          this.probed.push(target)
          return this.booted ? { up: true } : { up: false, reason: "connection refused" }
        },
      },
      configDrive: async (request) => {
        this.drives.push(request)
        return "drive"
      },
      imagesDir: "/nonexistent",
      serviceUrl: "http://172.22.0.1:8080",
      fetch: async () => new Response(null, { headers: { "content-length": "1000" } }),
      phases: { networkBoot, systemBoot },
      limits,
      automatedClean: false,
    }
  }
}

const faults: Partial<Record<Behaviour["write"], { type: string; message: string }>> = {
  fails: { type: "CHECKSUM_WRONG", message: "the checksum is wrong" },
  "finds no image once": { type: "IMAGE_UNAVAILABLE", message: "connection refused" },
}

const results: Record<string, unknown> = {
  "deploy.get_deploy_steps": { deploy_steps: {}, hardware_manager_version: { generic: "1" } },
  "clean.get_clean_steps": { clean_steps: {}, hardware_manager_version: { generic: "1" } },
  "standby.boot_image": { method: "kexec", message: "Debian" },
  "poll.get_hardware_info": {
    interfaces: [],
    cpu: { model_name: "x", count: 4, sockets: 1, architecture: "x86_64", flags: [] },
    memory: { total: 2 ** 31, physical_mb: 2048 },
    disks: [],
    bmc_address: null,
    bmc_mac: null,
    system_vendor: { product_name: "", serial_number: "", manufacturer: "" },
    boot: { current_boot_mode: "uefi", pxe_interface: mac },
    hostname: "ramdisk",
  },
}

const described = {
  uuid,
  name: "node-1",
  driver: "fake",
  driver_info: { fake_address: "bmc" },
  properties: { local_gb: 10 },
  instance_info: { image_source: "http://images.example/os.raw.zst", image_checksum: "ab".repeat(32) },
  extra: { ipv4_address: "172.22.0.11" },
}
