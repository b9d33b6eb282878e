import { createSocket, type Socket } from "node:dgram"
import { Duplex } from "node:stream"
import { BootFlags } from "../../../src/ipmi/server/boot-flags.ts"
import type { Chassis, IpmiServerOptions, SolPort } from "../../../src/ipmi/server/ports.ts"
import { IpmiServer } from "../../../src/ipmi/server/server.ts"
import type { BootSelection, ChassisAction, Power } from "../../../src/ipmi/types.ts"
import { type Clock, systemClock } from "../../../src/util/clock.ts"
import { Secret } from "../../../src/util/secret.ts"

/** A machine in memory: boots at on, cycle and reset, and remembers from what. */
export class MemoryMachine implements Chassis {
  state: Power = "off"
  readonly actions: ChassisAction[] = []
  readonly boots: BootSelection[] = []
  readonly flags = new BootFlags()

  async power() {
    return this.state
  }

  async control(action: ChassisAction) {
    this.actions.push(action)
    if (action === "diag") return
    const boots = action === "reset" || action === "cycle" || (action === "on" && this.state === "off")
    if (boots) this.boots.push(this.flags.consume())
    this.state = action === "off" || action === "soft" ? "off" : "on"
  }

  async bootSelection() {
    return this.flags.get()
  }

  async setBootSelection(selection: BootSelection) {
    this.flags.set(selection)
  }
}

/** A serial port that answers everything typed in upper case, after a greeting. */
export const echoPort: SolPort = {
  async attach() {
    const port: Duplex = new Duplex({
      read() {},
      write(chunk: Buffer, _, done) {
        port.push(chunk.toString("latin1").toUpperCase())
        done()
      },
    })
    port.push("login: ")
    return port
  },
}

export const username = "admin"
export const password = new Secret("s3cret-and-17-cha")

export async function startServer(extra: Partial<IpmiServerOptions> = {}, clock: Clock = systemClock) {
  const machine = new MemoryMachine()
  const options: IpmiServerOptions = {
    address: "127.0.0.1",
    port: 0,
    users: [
      { name: username, password, privilege: "administrator" },
      { name: "guest", password: new Secret("guest"), privilege: "user" },
    ],
    chassis: machine,
    sol: echoPort,
    identity: {
      guid: "12345678-9abc-4def-8123-456789abcdef",
      manufacturer: "bifrost-ts",
      product: "Lab machine",
      serial: "LAB-0001",
    },
    sensors: [
      { name: "Inlet Temp", kind: "temperature", read: async () => 23 },
      { name: "Fan 1", kind: "fan", read: async () => (machine.state === "on" ? 4200 : undefined) },
      { name: "ACPI State", kind: "acpi", read: async () => machine.state },
    ],
    ...extra,
  }
  const server = new IpmiServer(options, { clock })
  const { port } = await server.listen()
  return { machine, server, port }
}

/** A clock on which everything takes a twentieth of the time. */
export const fastClock: Clock = {
  now: () => systemClock.now() * 20,
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
  after: (ms, fire) => systemClock.after(ms / 20, fire),
}

/** A UDP proxy in front of a BMC, for one client: counts packets and loses those that `lose` names. */
export class LossyProxy {
  readonly #front: Socket = createSocket("udp4")
  readonly #back: Socket = createSocket("udp4")
  /** Packets that came in, from either side. */
  packets = 0
  fromClient: Buffer[] = []
  /** Packets of the client's that were not answered yet, at the worst moment. */
  mostUnanswered = 0
  #answered = 0

  async start(target: number, lose: (packet: number) => boolean): Promise<number> {
    let client = 0
    const forward = (send: () => void) => {
      this.packets += 1
      if (!lose(this.packets)) send()
    }
    this.#front.on("message", (bytes, { port }) => {
      client = port
      this.fromClient.push(bytes)
      this.mostUnanswered = Math.max(this.mostUnanswered, this.fromClient.length - this.#answered)
      forward(() => this.#back.send(bytes, target, "127.0.0.1"))
    })
    this.#back.on("message", (bytes) => {
      this.#answered += 1
      forward(() => this.#front.send(bytes, client, "127.0.0.1"))
    })
    for (const socket of [this.#front, this.#back]) {
      socket.on("error", () => {})
      await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve))
    }
    return this.#front.address().port
  }

  stop() {
    this.#front.close()
    this.#back.close()
  }
}
