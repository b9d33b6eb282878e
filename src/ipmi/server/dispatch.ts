import type { Clock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import { commandName, commands } from "../codec/commands.ts"
import { completion } from "../codec/completion.ts"
import { encodeResponse, type IpmiRequest } from "../codec/message.ts"
import { ipmiErrors } from "../errors.ts"
import { appHandlers } from "./commands/app.ts"
import { chassisHandlers } from "./commands/chassis.ts"
import type { CommandContext, Handlers, Outcome } from "./commands/handler.ts"
import { inventoryHandlers } from "./commands/inventory.ts"
import { solConfigHandlers } from "./commands/sol-config.ts"
import { atLeast } from "./session-table.ts"

const handlers: Handlers = { ...appHandlers, ...chassisHandlers, ...inventoryHandlers, ...solConfigHandlers }
/** Commands that BMCs run outside a session (IPMI 2.0 Appendix G, footnotes). */
const open: readonly string[] = ["getChannelAuthCapabilities", "getChannelCipherSuites", "getSystemGuid"]
/** A machine that takes longer is answered for with C3h; the command itself goes on. */
const handlerMs = 15_000

/** Runs one command and encodes its response. Never rejects. */
export async function dispatch(context: CommandContext, clock: Clock, request: IpmiRequest): Promise<Buffer> {
  const outcome = await run(context, clock, request)
  const [code, data] = typeof outcome === "number" ? [outcome, Buffer.alloc(0)] : [completion.ok, outcome]
  return encodeResponse({ ...request, code, data })
}

async function run(context: CommandContext, clock: Clock, request: IpmiRequest): Promise<Outcome> {
  const name = commandName(request.netFn, request.command)
  const handler = name && handlers[name]
  if (!handler) return completion.invalidCommand
  if (context.session ? !atLeast(context.session.privilege, commands[name].privilege) : !open.includes(name)) {
    return completion.insufficientPrivilege
  }
  const { promise: late, resolve } = Promise.withResolvers<Outcome>()
  const cancel = clock.after(handlerMs, () => resolve(completion.timeout))
  try {
    return await Promise.race([late, handler(context, Buffer.from(request.data))])
  } catch (error) {
    const busy = error instanceof BifrostError && error.code === ipmiErrors.BMC_BUSY.code
    return busy ? completion.busy : completion.unspecified
  } finally {
    cancel()
  }
}
