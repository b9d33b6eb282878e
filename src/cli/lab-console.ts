import { connect } from "node:net"
import { labErrors } from "../lab/errors.ts"
import type { findMachine } from "../lab/lab.ts"
import { BifrostError } from "../util/errors.ts"

/** Ctrl-], as telnet has it: nothing that runs on a serial line wants it. */
const leaveKey = 0x1d

/** Joins this terminal to a machine's serial port until Ctrl-], the end of the input, or the end of the lab. */
export async function attachConsole({ machine, layout }: ReturnType<typeof findMachine>): Promise<void> {
  const socket = connect(layout.console)
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve).once("error", (cause) => {
      const remedy = `bifrost-ts lab up starts the daemon. What the console said is in ${layout.consoleLog}`
      reject(new BifrostError(labErrors.LAB_DAEMON_SILENT, { node: machine.name, cause, remedy }))
    })
  })
  const { stdin, stdout } = process
  if (stdin.isTTY) {
    stdin.setRawMode(true)
    console.error(`console of ${machine.name}; Ctrl-] leaves it\r`)
  }
  await new Promise<void>((resolve) => {
    stdin.on("data", (chunk: Buffer) => (chunk.includes(leaveKey) ? socket.end() : socket.write(chunk)))
    stdin.on("end", () => socket.end())
    socket.on("data", (chunk) => stdout.write(chunk))
    socket.on("error", () => {}).on("close", resolve)
  })
  if (stdin.isTTY) stdin.setRawMode(false)
  stdin.destroy()
}
