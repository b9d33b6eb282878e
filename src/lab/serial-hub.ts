import { rmSync } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"
import { type Duplex, duplexPair } from "node:stream"
import type { SolPort } from "../ipmi/server/ports.ts"

/** What a console that does not read may lag behind before it loses output. The machine's console.log has all of it. */
const mostBuffered = 1 << 20

/**
 * One machine's serial port for many: SOL and `lab console` see the same output and may both type. It outlives power cycles,
 * so a console stays attached while the machine is off.
 */
export class SerialHub implements SolPort {
  #serial: Socket | undefined
  #server: Server | undefined
  readonly #consoles = new Set<Duplex>()

  /** Offers the port on a unix socket. */
  async listen(path: string): Promise<void> {
    rmSync(path, { force: true }) // left by a daemon that was killed
    const server = createServer((client) => this.#add(client))
    this.#server = server
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve))
  }

  /** Connects to QEMU's end. It serves one client at a time, and ends with QEMU. */
  async connectTo(path: string): Promise<void> {
    this.#serial?.destroy()
    const serial = connect(path)
    await new Promise<void>((resolve, reject) => serial.once("connect", resolve).once("error", reject))
    serial
      .on("error", () => {})
      .on("close", () => {
        if (this.#serial === serial) this.#serial = undefined
      })
    serial.on("data", (chunk) => {
      for (const console of this.#consoles) if (console.writableLength < mostBuffered) console.write(chunk)
    })
    this.#serial = serial
  }

  async attach(): Promise<Duplex> {
    const [ours, theirs] = duplexPair()
    ours.on("close", () => theirs.destroy())
    theirs.on("close", () => ours.destroy())
    this.#add(ours)
    return theirs
  }

  close(): void {
    this.#server?.close()
    this.#serial?.destroy()
    for (const console of this.#consoles) console.destroy()
  }

  #add(console: Duplex): void {
    this.#consoles.add(console)
    console.on("error", () => {}).on("close", () => this.#consoles.delete(console))
    console.on("end", () => console.destroy())
    // What is typed while the machine is off reaches nobody, as on a real port.
    console.on("data", (chunk) => this.#serial?.write(chunk))
  }
}
