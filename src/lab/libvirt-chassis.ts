import { spawn } from "node:child_process"
import { Duplex } from "node:stream"
import type { Chassis, SolPort } from "../ipmi/server/ports.ts"
import type { BootSelection, ChassisAction, Power } from "../ipmi/types.ts"
import type { Clock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { run } from "../util/run.ts"
import { BmcState } from "./bmc-state.ts"
import { bootIndexSteps, bootOrder } from "./boot-order.ts"
import { labErrors } from "./errors.ts"

const unplaced = 1_000

export interface LibvirtDomain {
  /** libvirt's name of it. */
  readonly domain: string
  /** e.g. qemu:///system */
  readonly uri: string
  readonly bmcState: string
  readonly clock: Clock
}

/** As in machine.ts: SeaBIOS makes two resets of one, and both belong to the same boot. */
const resetSettlesMs = 1_000

/**
 * A libvirt domain as its BMC sees it. As for the lab's own machines, QEMU's bootindex values say what the next reset boots
 * from; libvirt gives QEMU's monitor through. A domain reboots by itself without telling us, so there a one-shot selection
 * made meanwhile serves that boot, and is used up by the next power action.
 */
export class LibvirtChassis implements Chassis {
  readonly #domain: LibvirtDomain
  readonly #state: BmcState
  #queue: Promise<unknown> = Promise.resolve()
  #cancelSettling = () => {}

  constructor(domain: LibvirtDomain) {
    this.#domain = domain
    this.#state = new BmcState(domain.bmcState)
  }

  async power(): Promise<Power> {
    const state = (await this.#virsh("domstate", this.#domain.domain)).trim()
    return state === "shut off" || state === "crashed" ? "off" : "on"
  }

  control(action: ChassisAction): Promise<void> {
    return this.#inTurn(() => this.#do[action]())
  }

  async bootSelection(): Promise<BootSelection> {
    return this.#state.get()
  }

  setBootSelection(selection: BootSelection): Promise<void> {
    return this.#inTurn(async () => {
      this.#cancelSettling()
      this.#state.set(selection)
      if ((await this.power()) === "on") await this.#applyBootOrder()
    })
  }

  readonly #do: Record<ChassisAction, () => Promise<void>> = {
    on: async () => {
      if ((await this.power()) === "off") await this.#start()
    },
    off: async () => {
      if ((await this.power()) === "on") await this.#virsh("destroy", this.#domain.domain)
    },
    cycle: async () => {
      await this.#requireOn()
      await this.#virsh("destroy", this.#domain.domain)
      await this.#start()
    },
    reset: async () => {
      await this.#requireOn()
      await this.#virsh("reset", this.#domain.domain)
      this.#booted()
    },
    soft: async () => {
      if ((await this.power()) === "on") await this.#virsh("shutdown", this.#domain.domain, "--mode", "acpi")
    },
    diag: async () => {
      await this.#requireOn()
      await this.#virsh("inject-nmi", this.#domain.domain)
    },
  }

  /** Started without a running processor, so that the first boot has its order already: the definition stays as it is. */
  async #start(): Promise<void> {
    const { domain } = this.#domain
    await this.#virsh("start", domain, "--paused")
    await this.#applyBootOrder()
    await this.#virsh("reset", domain)
    await this.#virsh("resume", domain)
    this.#booted()
  }

  #booted(): void {
    this.#state.consume()
    this.#cancelSettling()
    this.#cancelSettling = this.#domain.clock.after(resetSettlesMs, () => {
      this.#inTurn(() => this.#applyBootOrder()).catch(() => {}) // it was powered off meanwhile
    })
  }

  async #applyBootOrder(): Promise<void> {
    const ids = deviceIds(await this.#virsh("dumpxml", this.#domain.domain))
    const qom = (execute: string, device: "disk" | "net", value?: number) => {
      const path = `/machine/peripheral/${ids[device]}`
      return this.#monitor(execute, { path, property: "bootindex", ...(value === undefined ? {} : { value }) })
    }
    const current = { net: await qom("qom-get", "net"), disk: await qom("qom-get", "disk") }
    // A device that the definition gives no place has -1, and comes after those that have one.
    const placed = { net: place(current.net), disk: place(current.disk) }
    for (const step of bootIndexSteps(bootOrder(this.#state.get().device), placed)) {
      await qom("qom-set", step.device, step.bootindex)
    }
  }

  async #monitor(execute: string, args: Record<string, unknown>): Promise<number> {
    const reply = await this.#virsh(
      "qemu-monitor-command",
      this.#domain.domain,
      JSON.stringify({ execute, arguments: args }),
    )
    const { return: value, error } = JSON.parse(reply)
    if (error) throw new BifrostError(labErrors.LAB_QMP, { node: this.#domain.domain, detail: error.desc })
    return value
  }

  async #requireOn(): Promise<void> {
    if ((await this.power()) === "on") return
    throw new BifrostError(labErrors.LAB_QMP, { node: this.#domain.domain, detail: "the machine is off" })
  }

  async #virsh(...words: string[]): Promise<string> {
    return (await run("virsh", ["--quiet", "--connect", this.#domain.uri, ...words])).stdout
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => {})
    return turn
  }
}

/** QEMU's ids of a running domain's first disk and first card: libvirt calls them aliases. */
export function deviceIds(xml: string): Record<"disk" | "net", string> {
  const aliasOf = (element: RegExp) => /<alias name='([^']+)'/.exec(element.exec(xml)?.[0] ?? "")?.[1]
  const disk = aliasOf(/<disk [^>]*device='disk'[\s\S]*?<\/disk>/)
  const net = aliasOf(/<interface [\s\S]*?<\/interface>/)
  if (disk && net) return { disk, net }
  throw new BifrostError(labErrors.LAB_QMP, { expected: "a running domain with a disk and a network card" })
}

function place(bootindex: number): number {
  return bootindex < 0 ? unplaced : bootindex
}

/** A domain's serial console, through `virsh console`, which insists on a terminal: `script` gives it one. */
export function libvirtConsole({ domain, uri }: Pick<LibvirtDomain, "domain" | "uri">): SolPort {
  return {
    async attach() {
      const words = ["virsh", "--quiet", "--connect", uri, "console", domain, "--force"]
      const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")
      const child = spawn("script", ["-qfec", command, "/dev/null"], { stdio: ["pipe", "pipe", "ignore"] })
      const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
      child.on("error", (error) => stream.destroy(error)).on("exit", () => stream.destroy())
      stream.on("error", () => {}).on("close", () => child.kill())
      return stream
    },
  }
}
