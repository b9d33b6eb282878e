import { type Clock, systemClock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { Connection, numbersOf } from "./client/connection.ts"
import { type Accept, type Answer, type Ask, readSensors, readUsers } from "./client/inventory.ts"
import { SerialQueue } from "./client/queue.ts"
import { SolStream } from "./client/sol-stream.ts"
import {
  bootParameters,
  decodeBootFlags,
  decodeBootParameter,
  encodeBootFlags,
  selectedBoot,
} from "./codec/boot-options.ts"
import { need } from "./codec/bytes.ts"
import { decodeChassisStatus } from "./codec/chassis.ts"
import type { CommandName } from "./codec/commands.ts"
import { completion, describeCompletion } from "./codec/completion.ts"
import { decodeChannelInfo, decodeDeviceId } from "./codec/device.ts"
import { payloadTypes } from "./codec/session20.ts"
import { solDataLimit } from "./codec/sol.ts"
import type { SuiteId } from "./codec/suites.ts"
import { ipmiErrors } from "./errors.ts"
import {
  type BmcUser,
  type BootSelection,
  type ChannelInfo,
  type ChassisAction,
  type ChassisStatus,
  chassisActions,
  type DeviceId,
  type Power,
  type Privilege,
  type SensorReading,
} from "./types.ts"

export interface BmcTarget {
  readonly host: string
  /** 623 unless given. */
  readonly port?: number
  readonly username: string
  readonly password: Secret
  /** What the session asks for; administrator unless given. */
  readonly privilege?: Privilege
  /** The node's name, for errors; the BMC's address unless given. */
  readonly node?: string
}

export interface ClientDependencies {
  readonly clock?: Clock
  /** How long one command may take with all its retransmissions, in ms. 20 000 unless given. */
  readonly deadlineMs?: number
  /** Cipher suites in order of preference; 17, then 3 unless given. */
  readonly suites?: readonly SuiteId[]
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

/** BMCs end a session after 60 s without a packet (IPMI 2.0 §6.12.15): half of that, less a few lost packets. */
const keepAliveMs = 25_000
/** An unused session is given back: BMCs have four or five in all. */
const idleMs = 300_000
/** Power supplies and firmware take their time; a change that does not show by then never came. */
const powerDeadlineMs = 60_000
const bootDeadlineMs = 5_000
const firstLook = 50
const longestLook = 1000

/** Power state that an action ends in, where reading it back tells whether it worked. */
const endsIn: Readonly<Partial<Record<ChassisAction, Power>>> = { on: "on", off: "off", cycle: "on" }
/** Longest user name and password of IPMI 2.0 (§22.28, §22.30). */
const nameLimit = 16
const passwordLimit = 20
const solAlreadyActive = 0x80
/** §24.1: active elsewhere, disabled, no more instances, encryption impossible, encryption demanded. */
const solRefusals = [solAlreadyActive, 0x81, 0x82, 0x83, 0x84]

/** One BMC. Keeps one session, opened by the first command and re-used by the rest; commands go out one after the other. */
export class IpmiClient {
  readonly #node: string
  readonly #clock: Clock
  readonly #connection: Connection
  readonly #queue = new SerialQueue()
  readonly #closed = new AbortController()
  readonly #consoles = new Set<SolStream>()
  #lastUsed = 0
  #cancelKeepAlive = () => {}

  constructor(target: BmcTarget, dependencies: ClientDependencies = {}) {
    const { host, port = 623, username, password, privilege = "administrator", node = host } = target
    const { clock = systemClock, deadlineMs = 20_000, suites = [17, 3] } = dependencies
    if (Buffer.byteLength(username, "latin1") > nameLimit) {
      throw new BifrostError(ipmiErrors.BMC_USER_UNKNOWN, { node, detail: "the name is longer than IPMI's 16 bytes" })
    }
    if (Buffer.byteLength(password.reveal()) > passwordLimit) {
      throw new BifrostError(ipmiErrors.BMC_WRONG_PASSWORD, { node, detail: "it is longer than IPMI's 20 bytes" })
    }
    this.#node = node
    this.#clock = clock
    const login = { node, username, password, privilege, suites }
    this.#connection = new Connection({ host, port, login, clock, deadlineMs })
  }

  async chassisStatus(options?: CallOptions): Promise<ChassisStatus> {
    return decodeChassisStatus((await this.#ask("getChassisStatus", [], options)).data)
  }

  /** `on`, `off` and `cycle` resolve when the power state, read back, is the wanted one; the rest once accepted. */
  async chassisControl(action: ChassisAction, options?: CallOptions): Promise<void> {
    const wanted = endsIn[action]
    // "Not in this state" to on and off means on some BMCs that it is so already: the read-back tells.
    const accept = action === "on" || action === "off" ? [completion.notInThisState] : []
    const { code } = await this.#ask("chassisControl", [chassisActions[action]], options, accept)
    if (wanted === undefined) return
    const deadlineMs = code === 0 ? powerDeadlineMs : 0
    const look = async () => (await this.chassisStatus(options)).power
    await this.#readBack(look, (power) => power === wanted, `power ${wanted}`, deadlineMs, options)
  }

  /** Resolves when device and persistence, read back, are those asked for. Some BMCs drop the EFI flag; that is borne. */
  async setBootDevice(selection: BootSelection, options?: CallOptions): Promise<void> {
    // Without this (data 1 bit 3), a BMC forgets the selection when no power command follows within 60 s (Table 28-14).
    const keepValid = [bootParameters.validBitClearing, 0x08]
    await this.#ask("setBootOptions", keepValid, options, "any")
    await this.#ask("setBootOptions", [bootParameters.flags, ...encodeBootFlags(selection)], options)
    const applied = (got: BootSelection) =>
      got.device === selection.device && (selection.device === "none" || got.persistent === selection.persistent)
    const wanted = `boot device ${selection.device}${selection.persistent ? ", persistent" : ""}`
    // Right after a write the valid bit says little: see selectedBoot. To clear a selection is to clear that bit.
    const decode = selection.device === "none" ? decodeBootFlags : selectedBoot
    const look = async () => decode(await this.#bootFlags(options))
    await this.#readBack(look, applied, wanted, bootDeadlineMs, options)
  }

  async getBootDevice(options?: CallOptions): Promise<BootSelection> {
    return decodeBootFlags(await this.#bootFlags(options))
  }

  async deviceId(options?: CallOptions): Promise<DeviceId> {
    return decodeDeviceId((await this.#ask("getDeviceId", [], options)).data)
  }

  sensors(options?: CallOptions): Promise<SensorReading[]> {
    return readSensors(this.#asker(options))
  }

  users(options?: CallOptions): Promise<BmcUser[]> {
    return readUsers(this.#asker(options))
  }

  async channelInfo(options?: CallOptions): Promise<ChannelInfo> {
    return decodeChannelInfo((await this.#ask("getChannelInfo", [0x0e], options)).data)
  }

  /** The response's data without the completion code; a code other than 0 is an error. */
  async raw(
    netFn: number,
    command: number,
    data: Uint8Array = Buffer.alloc(0),
    options?: CallOptions,
  ): Promise<Buffer> {
    return (await this.#request(netFn, command, data, options)).data
  }

  /** Activates the serial console. Ending or destroying the stream deactivates it. */
  async sol(options?: CallOptions): Promise<SolStream> {
    // §24.1: payload type 1, instance 1; encrypted and authenticated, alerts and deferral off.
    const which = [payloadTypes.sol, 1]
    const { code, data } = await this.#ask("activatePayload", [...which, 0xc0, 0, 0, 0], options, solRefusals)
    if (code !== 0) {
      const detail = code === solAlreadyActive ? "another console has it" : describeCompletion(code)
      throw new BifrostError(ipmiErrors.BMC_SOL, { node: this.#node, detail })
    }
    need(data, 6, "Activate Payload")
    const session = this.#connection.session
    if (!session) throw new BifrostError(ipmiErrors.BMC_SOL, { node: this.#node, detail: "the session ended" })
    // What the BMC takes at once ("inbound", bytes 7:6), the four bytes of the SOL header included. Some report 0.
    const limit = Math.min(solDataLimit, Math.max(1, (data.readUInt16LE(4) || 255) - 4))
    const deactivate = async () => {
      this.#consoles.delete(stream)
      if (this.#connection.session === session) await this.#ask("deactivatePayload", [...which, 0, 0, 0, 0])
    }
    const stream: SolStream = new SolStream(session, this.#clock, { node: this.#node, limit, deactivate })
    this.#consoles.add(stream)
    return stream
  }

  /** Ends consoles and commands under way, closes the session on the BMC as far as it answers, and the socket. */
  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return
    this.#cancelKeepAlive()
    this.#closed.abort(new BifrostError(ipmiErrors.BMC_CLIENT_CLOSED, { node: this.#node }))
    for (const stream of this.#consoles) stream.destroy()
    await this.#queue.run(() => this.#connection.close(), new AbortController().signal)
  }

  async #bootFlags(options?: CallOptions): Promise<Buffer> {
    const { data } = await this.#ask("getBootOptions", [bootParameters.flags, 0, 0], options)
    return decodeBootParameter(data, bootParameters.flags)
  }

  /** Looks until `done`, more and more seldom. */
  async #readBack<T>(
    look: () => Promise<T>,
    done: (value: T) => boolean,
    wanted: string,
    deadlineMs: number,
    options: CallOptions = {},
  ): Promise<void> {
    const deadline = this.#clock.now() + deadlineMs
    for (let wait = firstLook; ; wait = Math.min(wait * 2, longestLook)) {
      const value = await look()
      if (done(value)) return
      if (this.#clock.now() >= deadline) {
        const detail = `read back: ${JSON.stringify(value)}`
        throw new BifrostError(ipmiErrors.BMC_NOT_APPLIED, { node: this.#node, detail, expected: wanted })
      }
      await this.#clock.sleep(wait, this.#signal(options))
    }
  }

  #asker(options?: CallOptions): Ask {
    return (name, data, accept) => this.#ask(name, data, options, accept)
  }

  #ask(name: CommandName, data: readonly number[], options?: CallOptions, accept?: Accept): Promise<Answer> {
    const [netFn, command] = numbersOf(name)
    return this.#request(netFn, command, Buffer.from(data), options, accept)
  }

  #request(netFn: number, command: number, data: Uint8Array, options: CallOptions = {}, accept?: Accept) {
    this.#lastUsed = this.#clock.now()
    return this.#exchange(netFn, command, data, this.#signal(options), accept)
  }

  #exchange(netFn: number, command: number, data: Uint8Array, signal: AbortSignal, accept?: Accept) {
    return this.#queue.run(async () => {
      this.#cancelKeepAlive()
      const session = this.#connection.session
      session?.link.hold(true)
      try {
        return await this.#connection.request(netFn, command, data, signal, accept)
      } finally {
        if (session && session !== this.#connection.session) this.#endConsoles()
        if (this.#consoles.size === 0) this.#connection.session?.link.hold(false)
        this.#scheduleKeepAlive()
      }
    }, signal)
  }

  /** The session that carried them is gone. */
  #endConsoles(): void {
    const error = new BifrostError(ipmiErrors.BMC_SOL, { node: this.#node, detail: "the BMC dropped the session" })
    for (const stream of this.#consoles) stream.destroy(error)
  }

  #signal({ signal }: CallOptions): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal
  }

  #scheduleKeepAlive(): void {
    if (!this.#connection.session || this.#closed.signal.aborted) return
    this.#cancelKeepAlive = this.#clock.after(keepAliveMs, () => {
      const unused = this.#consoles.size === 0 && this.#clock.now() - this.#lastUsed >= idleMs
      const [netFn, command] = numbersOf("getDeviceId")
      const done = unused
        ? this.#queue.run(() => this.#connection.close(), this.#closed.signal)
        : this.#exchange(netFn, command, Buffer.alloc(0), this.#closed.signal)
      // Nobody waits for it: the next command finds out about a BMC that is gone, and says so.
      done.catch(() => {})
    })
  }
}
