import type { Connection, ServerChannel } from "ssh2"
import { expect, test } from "vitest"
import { systemClock } from "../../../src/util/clock.ts"
import { transportTo } from "./ssh-host.ts"

interface Behaviour {
  readonly command?: (channel: ServerChannel, client: Connection) => void
  /** What the engine's socket does; without it there is none. */
  readonly engine?: (channel: ServerChannel, client: Connection) => void
}

const hostThat = ({ command, engine }: Behaviour) =>
  transportTo((client) => {
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec) => command?.(acceptExec(), client))
    })
    client.on("openssh.streamlocal", (accept, reject) => {
      if (!engine) return reject()
      const channel: ServerChannel = accept()
      channel.once("data", () => engine(channel, client))
    })
  })

const begun = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

test("a connection that breaks during a command is the host's end, not the command's", async () => {
  const { exec } = await hostThat({ command: (_channel, client) => client.end() })
  await expect(exec(["sleep", "9"])).rejects.toMatchObject({
    code: "HOST_UNREACHABLE",
    message: expect.stringMatching(/^host1: .*the connection broke during: sleep 9/),
  })
})

test("a command that ends without a word on a connection that goes on has failed", async () => {
  const { exec } = await hostThat({ command: (channel) => channel.close() })
  await expect(exec(["sleep", "9"])).rejects.toMatchObject({ code: "HOST_COMMAND_FAILED", node: "host1" })
})

test("an engine that is not there is told by name, with the request", async () => {
  const { engine } = await hostThat({})
  await expect(engine.getContainer("x").inspect()).rejects.toMatchObject({
    code: "HOST_ENGINE_LOST",
    message: expect.stringMatching(/^host1: .*GET \/containers\/x\/json/),
  })
})

test("a wait whose answer has begun ends with the engine, and with the connection", async () => {
  const ended = await hostThat({
    engine(channel) {
      channel.write(begun)
      channel.end()
    },
  })
  await expect(ended.engine.getContainer("x").wait()).rejects.toMatchObject({ code: "HOST_ENGINE_LOST" })
  const broken = await hostThat({
    engine(channel, client) {
      channel.write(begun)
      setTimeout(() => client.end(), 20)
    },
  })
  await expect(broken.engine.getContainer("x").wait()).rejects.toMatchObject({ code: "HOST_UNREACHABLE" })
})

test.each([
  ["connection", (_channel: ServerChannel, client: Connection) => client.end()],
  ["engine", (channel: ServerChannel) => channel.close()],
])("a request after the %s went does not wait on what was kept of it", async (_what, end) => {
  let last: () => void = () => {}
  const { engine } = await hostThat({
    engine(channel, client) {
      last = () => end(channel, client)
      channel.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
    },
  })
  for (let time = 0; time < 3; time++) {
    expect(String(await engine.ping())).toBe("OK")
    last()
    await systemClock.sleep(50)
  }
})

test("what the engine refuses keeps its status, and says which host", async () => {
  const body = JSON.stringify({ message: "no space left on device" })
  const { engine } = await hostThat({
    engine: (channel) => channel.write(`HTTP/1.1 500 No\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
  })
  await expect(engine.getContainer("x").start()).rejects.toMatchObject({
    code: "HOST_ENGINE_REFUSED",
    statusCode: 500,
    message: "host1: the host's Docker Engine refused a request: POST /containers/x/start: no space left on device",
  })
})

test("a request that was called off is nobody's fault", async () => {
  const { engine } = await hostThat({ engine: (channel) => channel.write(begun) })
  const caller = new AbortController()
  const waiting = engine.getContainer("x").wait({ abortSignal: caller.signal })
  setTimeout(() => caller.abort(), 50)
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" })
})
