import type { Chassis } from "../ipmi/server/ports.ts"
import type { BootSelection, ChassisAction, Power } from "../ipmi/types.ts"
import type { Clock } from "../util/clock.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import type { Accelerator } from "./accelerator.ts"
import { BmcState } from "./bmc-state.ts"
import { bootIndexSteps, bootOrder } from "./boot-order.ts"
import { labErrors } from "./errors.ts"
import type { MachineLayout } from "./layout.ts"
import { endProcesses } from "./processes.ts"
import { deviceIds, qemuArgs } from "./qemu-args.ts"
import { adoptQemu, qemuPids, startQemu } from "./qemu-process.ts"
import type { Qmp } from "./qmp.ts"
import type { SerialHub } from "./serial-hub.ts"
import type { MachineSpec } from "./spec.ts"

/**
 * SeaBIOS answers a warm reset by a second one, some milliseconds later, which has to boot from the same device. No system
 * gets as far as a reset of its own this soon after one.
 */
const resetSettlesMs = 1_000

/** QMP events that tell what the machine does, in the daemon's log. */
const worthLogging = new Set(["RESET", "POWERDOWN", "SHUTDOWN", "GUEST_PANICKED"])

export interface MachineDependencies {
  readonly spec: MachineSpec
  readonly layout: MachineLayout
  readonly tap: string
  readonly accelerator: Accelerator
  readonly serial: SerialHub
  /** One line for the daemon's log. */
  readonly log: (line: string) => void
  readonly clock: Clock
}

/**
 * A machine of the lab as its BMC sees it. Off means that no QEMU process is there.
 *
 * While it is on, QEMU's bootindex values always say what the NEXT reset boots from, because the firmware gets them at a
 * reset, whoever causes it. So a selection is given to QEMU when it is made, and a one-shot selection is taken back as soon
 * as a boot with it has begun.
 */
export class Machine implements Chassis {
  readonly #with: MachineDependencies
  readonly #state: BmcState
  #qmp: Qmp | undefined
  #cancelSettling = () => {}
  /** BMC commands, one after the other. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(dependencies: MachineDependencies) {
    this.#with = dependencies
    this.#state = new BmcState(dependencies.layout.bmcState)
  }

  /** Takes over the QEMU that an earlier daemon started, if there is one. */
  adopt(): Promise<void> {
    return this.#inTurn(async () => {
      const { spec, layout, log } = this.#with
      if (qemuPids(spec).length === 0) return
      const qmp = await adoptQemu(spec, layout)
      if (!qmp) return log("its QEMU runs but does not answer; power it off and on")
      await this.#connected(qmp)
      // Resets that happened while no daemon looked are unknown, so a one-shot selection still stands.
      await this.#applyBootOrder()
      log("adopted the running machine")
    })
  }

  async power(): Promise<Power> {
    return this.#qmp || qemuPids(this.#with.spec).length > 0 ? "on" : "off"
  }

  async control(action: ChassisAction): Promise<void> {
    this.#with.log(`chassis power ${action}`)
    try {
      await this.#inTurn(() => this.#do[action]())
    } catch (error) {
      this.#with.log(`chassis power ${action} failed: ${messageOf(error)}`)
      throw error
    }
  }

  async bootSelection(): Promise<BootSelection> {
    return this.#state.get()
  }

  async setBootSelection(selection: BootSelection): Promise<void> {
    this.#with.log(
      `boot ${selection.device}${selection.persistent ? ", persistent" : ""}${selection.efi ? ", efi" : ""}`,
    )
    await this.#inTurn(async () => {
      this.#cancelSettling()
      this.#state.set(selection)
      await this.#applyBootOrder()
    })
  }

  readonly #do: Record<ChassisAction, () => Promise<void>> = {
    on: async () => {
      if ((await this.power()) === "off") await this.#start()
    },
    off: () => this.#stop(),
    // IPMI 2.0 §28.3: a machine that is off stays off on cycle, and the request is an error.
    cycle: async () => {
      await this.#running()
      await this.#stop()
      await this.#start()
    },
    reset: async () => void (await (await this.#running()).execute("system_reset")),
    soft: async () => void (await this.#qmp?.execute("system_powerdown")),
    diag: async () => void (await (await this.#running()).execute("inject-nmi")),
  }

  async #start(): Promise<void> {
    const { spec, layout, tap, accelerator } = this.#with
    const order = bootOrder(this.#state.get().device)
    const qmp = await startQemu(spec, layout, qemuArgs(spec, layout, tap, accelerator, order))
    await this.#connected(qmp)
    this.#booted()
  }

  async #stop(): Promise<void> {
    // A power cut, so no grace. Its tap and its disk's lock are free again when the process is gone.
    await endProcesses(qemuPids(this.#with.spec), 0)
    this.#qmp?.close()
    this.#qmp = undefined
  }

  async #connected(qmp: Qmp): Promise<void> {
    this.#qmp = qmp
    qmp.on("close", () => {
      if (this.#qmp === qmp) this.#qmp = undefined
      this.#with.log("off")
    })
    qmp.on("event", (name, data) => {
      if (!worthLogging.has(name)) return
      this.#with.log(`${name.toLowerCase()} ${JSON.stringify(data)}`)
      if (name === "RESET") this.#booted()
    })
    await this.#with.serial.connectTo(this.#with.layout.serial)
  }

  /** A boot has begun: a one-shot selection is used up, and QEMU is told so for the next reset. */
  #booted(): void {
    this.#state.consume()
    this.#cancelSettling()
    this.#cancelSettling = this.#with.clock.after(resetSettlesMs, () => {
      this.#inTurn(() => this.#applyBootOrder()).catch((error) => this.#with.log(messageOf(error)))
    })
  }

  async #applyBootOrder(): Promise<void> {
    const qmp = this.#qmp
    if (!qmp) return // the next start gets it on its command line
    const bootindex = (device: keyof typeof deviceIds) => ({
      path: `/machine/peripheral/${deviceIds[device]}`,
      property: "bootindex",
    })
    const current = {
      net: await qmp.execute<number>("qom-get", bootindex("net")),
      disk: await qmp.execute<number>("qom-get", bootindex("disk")),
    }
    for (const step of bootIndexSteps(bootOrder(this.#state.get().device), current)) {
      await qmp.execute("qom-set", { ...bootindex(step.device), value: step.bootindex })
    }
  }

  async #running(): Promise<Qmp> {
    if (this.#qmp) return this.#qmp
    throw new BifrostError(labErrors.LAB_QMP, { node: this.#with.spec.name, detail: "the machine is off" })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => {})
    return turn
  }
}
