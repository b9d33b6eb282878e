import type { CommandName } from "../../codec/commands.ts"
import type { IpmiServerOptions } from "../ports.ts"
import type { ServerSession, SessionTable } from "../session-table.ts"
import type { BootState } from "./chassis.ts"

/** What a command may use. `session` is absent for commands outside a session. */
export interface CommandContext {
  readonly options: IpmiServerOptions
  readonly sessions: SessionTable
  readonly session: ServerSession | undefined
  readonly boot: BootState
  readonly sol: SolControl
}

export interface SolControl {
  /** A completion code of §24.1, or undefined: activated. */
  activate(session: ServerSession): Promise<number | undefined>
  /** False: was not active. */
  deactivate(): boolean
  readonly active: boolean
}

/** The response's data, or a completion code. */
export type Outcome = Buffer | number
export type Handler = (context: CommandContext, data: Buffer) => Outcome | Promise<Outcome>
export type Handlers = Partial<Record<CommandName, Handler>>
