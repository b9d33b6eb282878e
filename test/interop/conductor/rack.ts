import { type ChildProcess, fork } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { IpmiServer } from "../../../src/ipmi/server/server.ts"
import type { ProvisionState } from "../../../src/states/table.ts"
import { openStore } from "../../../src/store/open.ts"
import type { Store } from "../../../src/store/port.ts"
import type { EventRecord, JsonObject, NodeRecord } from "../../../src/store/records.ts"
import { Secret } from "../../../src/util/secret.ts"
import { aNode, aPort } from "../../unit/store/records.ts"
import { Images, MiB } from "../agent/images.ts"
import { fastClock } from "./fast-clock.ts"
import { Machine, sha256Of } from "./machine.ts"
import type { ServiceConfig } from "./service.ts"

const uuid = "4e1b3c6a-8f53-4f0e-9a59-0d8b6a3f7c11"
const mac = "52:54:00:12:34:56"
const password = "bmc password"
const program = join(import.meta.dirname, "service.ts")

export interface RackOptions {
  /** How much faster than real time deadlines pass. */
  readonly factor?: number
  readonly crash?: readonly string[]
  readonly node?: Partial<NodeRecord>
  readonly bmcPassword?: string
}

/** One machine with its BMC, and a service in a process of its own that is started again whenever it dies. */
export class Rack {
  readonly state = mkdtempSync(join(tmpdir(), "bifrost-conductor-"))
  readonly images = new Images()
  readonly #epoch = Date.now()
  readonly #factor: number
  readonly #crash: readonly string[]
  machine!: Machine
  store!: Store
  /** Processes of the service so far. */
  starts = 0
  #ports: readonly number[] = []
  #bmc!: IpmiServer
  #service: ChildProcess | undefined
  #closing = false
  output = ""

  constructor({ factor = 20, crash = [] }: RackOptions) {
    this.#factor = factor
    this.#crash = crash
  }

  static async open(options: RackOptions = {}): Promise<Rack> {
    const rack = new Rack(options)
    await rack.#build(options)
    return rack
  }

  async #build({ node = {}, bmcPassword = password }: RackOptions): Promise<void> {
    this.#ports = await freePorts(2)
    const [port, sshPort] = this.#ports as [number, number]
    this.store = await openStore(
      { state: this.state, cache: this.state },
      { clock: fastClock(this.#epoch, this.#factor) },
    )
    this.#imageAndBoot()
    const size = 16 * MiB
    const image = { size, sha256: sha256Of(this.images.path("tiny"), size) }
    this.machine = new Machine(`http://127.0.0.1:${port}`, image, sshPort, 160 * MiB)
    this.#bmc = new IpmiServer({
      address: "127.0.0.1",
      port: 0,
      users: [{ name: "admin", password: new Secret(password), privilege: "administrator" }],
      chassis: this.machine,
      identity: { guid: uuid, manufacturer: "bifrost-ts", product: "test", serial: "1" },
    })
    const bmc = await this.#bmc.listen()
    await this.#enroll(bmc, bmcPassword, node)
    await this.#startService()
  }

  #imageAndBoot(): void {
    mkdirSync(join(this.state, "images"))
    mkdirSync(join(this.state, "boot"))
    for (const file of ["vmlinuz", "ramdisk.img"]) writeFileSync(join(this.state, "boot", file), file)
    const raw = this.images.make("tiny", 16)
    this.publish("tiny", raw)
  }

  /** An image in the service's folder; `changes` tell of it what is not so. */
  publish(name: string, content: Buffer, changes: JsonObject = {}): void {
    const sha256 = createHash("sha256").update(content).digest("hex")
    const file = `${name}.raw`
    writeFileSync(join(this.state, "images", file), content)
    const meta = { name, format: "raw", file, size: content.length, virtual_size: content.length, sha256, ...changes }
    writeFileSync(join(this.state, "images", `${name}.json`), JSON.stringify(meta))
  }

  async #enroll(
    bmc: { address: string; port: number },
    bmcPassword: string,
    changes: Partial<NodeRecord>,
  ): Promise<void> {
    const node = aNode({
      uuid,
      name: "node-1",
      driver: "ipmi",
      driver_info: { ipmi_address: bmc.address, ipmi_port: bmc.port, ipmi_username: "admin" },
      properties: { root_device: { serial: "disk-1" } },
      instance_info: { image_source: "tiny" },
      extra: { ipv4_address: "127.0.0.1" },
      provision_state: "available",
      ...changes,
    })
    await this.store.nodes.insert(node)
    await this.store.ports.insert(aPort(uuid, mac))
    await this.store.secrets.put(uuid, "ipmi_password", new Secret(bmcPassword))
    const expires_at = Number.MAX_SAFE_INTEGER
    await this.store.leases.put({
      address: "127.0.0.1",
      mac,
      client_id: null,
      hostname: null,
      state: "bound",
      expires_at,
    })
  }

  #startService(): Promise<void> {
    const [port, sshPort] = this.#ports as [number, number]
    const config: ServiceConfig = {
      state: this.state,
      port,
      sshPort,
      epoch: this.#epoch,
      factor: this.#factor,
      crash: this.#crash,
    }
    this.starts += 1
    const child = fork(program, {
      env: { ...process.env, SERVICE_CONFIG: JSON.stringify(config) },
      silent: true,
      execArgv: [],
    })
    this.#service = child
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text
      })
    }
    child.once("exit", (_code, signal) => {
      if (!this.#closing && signal === "SIGKILL") void this.#startService()
    })
    return new Promise((resolve) => {
      child.once("message", () => resolve())
      // It may die before it is ready: then the next one is.
      child.once("exit", () => resolve())
    })
  }

  killService(): void {
    this.#service?.kill("SIGKILL")
  }

  async provision(verb: string): Promise<void> {
    const answer = new Promise<JsonObject | undefined>((resolve) => {
      this.#service!.once("message", (message) => resolve(message as JsonObject))
      this.#service!.once("exit", () => resolve(undefined))
    })
    this.#service!.send({ provision: verb })
    const said = await answer
    if (said?.["refused"]) throw new Error(String(said["refused"]))
  }

  node = async (): Promise<NodeRecord> => (await this.store.nodes.find(uuid))!
  events = (): Promise<EventRecord[]> => this.store.events.since(0, { node_uuid: uuid })

  async reaches(...states: ProvisionState[]): Promise<NodeRecord> {
    let found: NodeRecord | undefined
    await this.until(async () => {
      const node = await this.node()
      if (states.includes(node.provision_state)) found = node
      return found !== undefined
    })
    return found!
  }

  /** Resolves when the event is in the store. */
  sees = (kind: string, data: JsonObject = {}) =>
    this.until(async () =>
      (await this.events()).some(
        (event) => event.kind === kind && Object.entries(data).every(([key, value]) => event.data[key] === value),
      ),
    )

  async until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 25))
  }

  died(): string[] {
    const file = join(this.state, "crashed")
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []
  }

  async close(): Promise<void> {
    this.#closing = true
    const child = this.#service
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once("exit", resolve))
      child.kill("SIGKILL")
      await exited
    }
    await this.machine?.remove()
    await this.#bmc?.close()
    await this.store?.close()
    this.images.remove()
    rmSync(this.state, { recursive: true, force: true })
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, "127.0.0.1", () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
