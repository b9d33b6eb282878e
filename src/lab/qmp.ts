import { EventEmitter } from "node:events"
import { connect, type Socket } from "node:net"
import { createInterface } from "node:readline"
import { BifrostError, messageOf } from "../util/errors.ts"
import { labErrors } from "./errors.ts"

/** A reply, an event or the greeting (QEMU Machine Protocol specification, §2). */
interface Message {
  readonly id?: number
  readonly return?: unknown
  readonly error?: { readonly class: string; readonly desc: string }
  readonly event?: string
  readonly data?: unknown
  readonly QMP?: object
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Two emulated processors under load can keep QEMU's main loop busy for seconds. */
const replyWithinMs = 30_000

/**
 * One QMP connection; QEMU takes one at a time. Emits `event` (name, data) for each event, and `close` once when QEMU ends
 * or drops us.
 */
export class Qmp extends EventEmitter<{ event: [name: string, data: unknown]; close: [] }> {
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  #next = 1

  private constructor(socket: Socket) {
    super()
    this.#socket = socket
  }

  /** Connects and negotiates capabilities. Rejects with the socket's error while QEMU does not listen. */
  static async connect(path: string): Promise<Qmp> {
    const socket = connect(path)
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject)
    })
    const qmp = new Qmp(socket)
    const greeted = new Promise<void>((resolve, reject) => {
      const lines = createInterface({ input: socket })
      lines.on("error", () => {}) // the socket's own error, told again
      lines.on("line", (line) => qmp.#receive(line, resolve))
      socket
        .on("error", () => {})
        .on("close", () => {
          qmp.#end()
          reject(new BifrostError(labErrors.LAB_QMP, { detail: "the connection ended before QEMU's greeting" }))
        })
    })
    const timer = setTimeout(() => socket.destroy(), replyWithinMs)
    try {
      await greeted
      await qmp.execute("qmp_capabilities")
    } finally {
      clearTimeout(timer)
    }
    return qmp
  }

  /** Resolves to the command's `return`; rejects with LAB_QMP when QEMU refuses, ends or does not reply in time. */
  execute<T = unknown>(command: string, args?: Record<string, unknown>): Promise<T> {
    const id = this.#next++
    return new Promise<unknown>((resolve, reject) => {
      const fail = (detail: string) => reject(new BifrostError(labErrors.LAB_QMP, { detail: `${command}: ${detail}` }))
      if (this.#socket.destroyed) return fail("QEMU has ended")
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        fail(`no reply within ${replyWithinMs / 1000} s`)
      }, replyWithinMs)
      this.#waiting.set(id, {
        resolve: (value) => {
          clearTimeout(timer)
          resolve(value)
        },
        reject: (error) => {
          clearTimeout(timer)
          fail(messageOf(error))
        },
      })
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
    }) as Promise<T>
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(line: string, greet: () => void): void {
    const message = parse(line)
    if (message?.QMP) greet()
    if (message?.event !== undefined) this.emit("event", message.event, message.data)
    const waiting = this.#waiting.get(message?.id ?? -1)
    if (message?.id === undefined || !waiting) return
    this.#waiting.delete(message.id)
    if (message.error) waiting.reject(new Error(message.error.desc))
    else waiting.resolve(message.return)
  }

  #end(): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new Error("QEMU has ended"))
    this.#waiting.clear()
    this.emit("close")
  }
}

function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
