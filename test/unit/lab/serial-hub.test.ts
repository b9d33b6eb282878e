import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { SerialHub } from "../../../src/lab/serial-hub.ts"

let dir: string
let hub: SerialHub
let port: Socket
let end: () => void

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "bifrost-hub-"))
  hub = new SerialHub()
  await hub.listen(join(dir, "console"))
  const qemu = createServer().listen(join(dir, "serial"))
  const connected = once(qemu, "connection")
  await hub.connectTo(join(dir, "serial"))
  port = (await connected)[0]
  end = () => qemu.close()
})
afterEach(() => {
  hub.close()
  port.destroy()
  end()
  rmSync(dir, { recursive: true })
})

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  return String((await once(stream, "data"))[0])
}

test("every console sees the output, and each may type", async () => {
  const sol = await hub.attach()
  const console = connect(join(dir, "console"))
  await once(console, "connect")
  console.write("a")
  expect(await read(port)).toBe("a") // the hub knows this console now
  port.write("login: ")
  expect(await Promise.all([read(sol), read(console)])).toEqual(["login: ", "login: "])
  sol.write("root\n")
  expect(await read(port)).toBe("root\n")
  sol.destroy()
  port.write("still here")
  expect(await read(console)).toBe("still here")
  console.destroy()
})

test("a console outlives the machine's power, and what is typed at a machine that is off is lost", async () => {
  const sol = await hub.attach()
  port.destroy()
  end()
  await once(port, "close")
  sol.write("into the void")
  const again = createServer().listen(join(dir, "serial2"))
  end = () => again.close()
  const connected = once(again, "connection")
  await hub.connectTo(join(dir, "serial2"))
  port = (await connected)[0]
  port.write("SeaBIOS")
  expect(await read(sol)).toBe("SeaBIOS")
})

test("closing the hub ends its consoles", async () => {
  const sol = await hub.attach()
  hub.close()
  sol.resume()
  if (!sol.destroyed) await once(sol, "close")
  expect(sol.destroyed).toBe(true)
})
