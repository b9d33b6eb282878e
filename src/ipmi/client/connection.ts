import type { Clock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import { type CommandName, commands, describeCommand } from "../codec/commands.ts"
import { completion, describeCompletion } from "../codec/completion.ts"
import type { SuiteId } from "../codec/suites.ts"
import { ipmiErrors } from "../errors.ts"
import { privileges } from "../types.ts"
import { type Login, openSession } from "./handshake.ts"
import type { Accept, Answer } from "./inventory.ts"
import { UdpLink } from "./link.ts"
import type { Session } from "./session.ts"

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly login: Login
  readonly clock: Clock
  readonly deadlineMs: number
}

/** Unanswered transmissions after which a session counts as lost: BMCs drop packets of sessions they forgot. */
const attemptsBeforeReopening = 4
const farewellMs = 1000
const firstBusyWait = 50
const longestBusyWait = 2000
const busyCodes: readonly number[] = [completion.busy, completion.initialising]

/** The session with one BMC: opened when needed, used for everything, re-opened once when the BMC has dropped it. */
export class Connection {
  readonly #options: ConnectionOptions
  #session: Session | undefined
  #suites: readonly SuiteId[]

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#suites = options.login.suites
  }

  get session(): Session | undefined {
    return this.#session
  }

  /** Sends one command with every retry that it deserves. Completion codes other than 0 and `accept` reject. */
  async request(
    netFn: number,
    command: number,
    data: Uint8Array,
    signal: AbortSignal,
    accept: Accept = [],
  ): Promise<Answer> {
    const { clock, deadlineMs, login } = this.#options
    const deadline = clock.now() + deadlineMs
    const what = describeCommand(netFn, command)
    let reopened = false
    const stayedBusy = () =>
      new BifrostError(ipmiErrors.BMC_BUSY, { node: login.node, detail: `${deadlineMs} ms for ${what}` })
    let busyWait = firstBusyWait
    for (;;) {
      const fresh = this.#session === undefined
      const session = this.#session ?? (await this.#open(deadline, signal))
      const attempts = fresh ? Number.POSITIVE_INFINITY : attemptsBeforeReopening
      const response = await session.request(netFn, command, data, { deadline, attempts, signal })
      if (!response) {
        this.#drop()
        // The last question before the deadline may be cut short; what it said until then is the truth.
        if (busyWait > firstBusyWait && clock.now() >= deadline) throw stayedBusy()
        if (fresh || reopened || clock.now() >= deadline) {
          const kind = reopened ? ipmiErrors.BMC_SESSION_LOST : ipmiErrors.BMC_SILENT
          throw new BifrostError(kind, { node: login.node, detail: `it opened a session, but never answered ${what}` })
        }
        reopened = true
        continue
      }
      if (!busyCodes.includes(response.code)) {
        if (response.code === 0 || accept === "any" || accept.includes(response.code)) return response
        throw this.#refusal(what, response.code)
      }
      if (clock.now() + busyWait >= deadline) throw stayedBusy()
      await clock.sleep(busyWait, signal)
      busyWait = Math.min(busyWait * 2, longestBusyWait)
    }
  }

  /** Closes the session on the BMC as far as it answers within a second. Never rejects. */
  async close(): Promise<void> {
    const session = this.#session
    if (!session) return
    session.link.hold(true)
    const id = Buffer.alloc(4)
    id.writeUInt32LE(session.bmcId)
    const { netFn, command } = commands.closeSession
    const deadline = this.#options.clock.now() + farewellMs
    const patience = { deadline, attempts: 3, signal: new AbortController().signal }
    await session.request(netFn, command, id, patience).catch(() => {})
    this.#drop()
  }

  #drop(): void {
    this.#session?.link.close()
    this.#session = undefined
  }

  async #open(deadline: number, signal: AbortSignal): Promise<Session> {
    const { host, port, login, clock } = this.#options
    const patience = { deadline, attempts: Number.POSITIVE_INFINITY, signal }
    const link = await UdpLink.open(host, port)
    try {
      const opened = await openSession(link, clock, { ...login, suites: this.#suites }, patience)
      await this.#raisePrivilege(opened.session, { deadline, attempts: Number.POSITIVE_INFINITY, signal })
      // What this BMC took is tried first, and alone, from now on.
      this.#suites = [opened.suite]
      this.#session = opened.session
      return opened.session
    } catch (error) {
      link.close()
      // A BMC that was reset or updated may have changed its mind about cipher suites.
      this.#suites = login.suites
      throw error
    }
  }

  /** A session starts at privilege User (§22.18): ask for what the login wants. */
  async #raisePrivilege(session: Session, patience: Parameters<Session["request"]>[3]): Promise<void> {
    const { login } = this.#options
    const { netFn, command } = commands.setSessionPrivilege
    const wanted = Buffer.from([privileges[login.privilege]])
    const response = await session.request(netFn, command, wanted, patience)
    if (!response) {
      const detail = "it opened a session, but never answered set session privilege"
      throw new BifrostError(ipmiErrors.BMC_SILENT, { node: login.node, detail })
    }
    if (response.code !== 0) {
      const detail = `user ${login.username} may not be ${login.privilege} (${describeCompletion(response.code)})`
      throw new BifrostError(ipmiErrors.BMC_PRIVILEGE, { node: login.node, detail })
    }
  }

  #refusal(what: string, code: number): BifrostError {
    const { node, username } = this.#options.login
    if (code !== completion.insufficientPrivilege) {
      return new BifrostError(ipmiErrors.BMC_REFUSED, { node, detail: `${what}: ${describeCompletion(code)}` })
    }
    return new BifrostError(ipmiErrors.BMC_PRIVILEGE, { node, detail: `user ${username}, ${what}` })
  }
}

/** Name, number, number: for callers that know a command by its name. */
export function numbersOf(name: CommandName): readonly [netFn: number, command: number] {
  return [commands[name].netFn, commands[name].command]
}
