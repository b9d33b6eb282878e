import { createSocket, type Socket } from "node:dgram"
import fc from "fast-check"
import { afterEach, beforeEach, expect, test } from "vitest"
import { IpmiClient } from "../../../src/ipmi/client.ts"
import { decodeAsf, encodeAsf } from "../../../src/ipmi/codec/asf.ts"
import { commands } from "../../../src/ipmi/codec/commands.ts"
import { encodeRequest } from "../../../src/ipmi/codec/message.ts"
import { decodeRmcp, encodeRmcp } from "../../../src/ipmi/codec/rmcp.ts"
import { encodeSession15 } from "../../../src/ipmi/codec/session15.ts"
import { encodeOpen } from "../../../src/ipmi/codec/session20.ts"
import { ReceiveWindow } from "../../../src/ipmi/server/session-table.ts"
import { password, startServer, username } from "./fixture.ts"

let bmc: Awaited<ReturnType<typeof startServer>>
let socket: Socket

beforeEach(async () => {
  bmc = await startServer()
  socket = createSocket("udp4")
  await new Promise<void>((resolve) => socket.connect(bmc.port, "127.0.0.1", resolve))
})
afterEach(async () => {
  socket.close()
  await bmc.server.close()
})

async function ping(tag: number): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const listener = (bytes: Buffer) => {
    const message = decodeRmcp(bytes)
    if (message.class === "asf") resolve(decodeAsf(message.body))
  }
  socket.on("message", listener)
  socket.send(encodeRmcp({ class: "asf", body: encodeAsf({ type: "ping", tag }) }))
  const pong = await promise
  socket.off("message", listener)
  return pong
}

test("answers a presence ping", async () => {
  expect(await ping(77)).toEqual({ type: "pong", tag: 77, ipmi: true })
})

test("random packets, with and without valid wrappers, neither crash nor hang it", async () => {
  const bytes = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array))
  const any = fc.constantFrom(...Object.values(commands))
  const message = fc
    .record({ any, sequence: fc.nat(63), data: bytes })
    .map((value) => encodeRequest({ ...value.any, ...value }))
  const packet = fc.oneof(
    bytes,
    bytes.map((body) => encodeRmcp({ class: "ipmi", body })),
    bytes.map((body) => encodeRmcp({ class: "asf", body })),
    message.map((body) => encodeRmcp({ class: "ipmi", body: encodeSession15(body) })),
    fc
      .record({ payloadType: fc.nat(63), sessionId: fc.constantFrom(0, 0, 1), sequence: fc.nat(9), payload: bytes })
      .map((value) => encodeRmcp({ class: "ipmi", body: encodeOpen(value) })),
  )
  const run = fc.asyncProperty(fc.array(packet, { maxLength: 40 }), fc.nat(255), async (packets, tag) => {
    for (const each of packets) socket.send(each)
    expect(await ping(tag)).toMatchObject({ tag })
  })
  await fc.assert(run, { numRuns: 60 })
  expect(bmc.machine.actions).toEqual([])
})

test("random data of every command inside a session: always an answer", async () => {
  const ipmi = new IpmiClient({ host: "127.0.0.1", port: bmc.port, username, password })
  const harmless = Object.values(commands).filter((each) => each !== commands.closeSession)
  const data = fc.uint8Array({ maxLength: 24 })
  const run = fc.asyncProperty(fc.constantFrom(...harmless), data, async ({ netFn, command }, body) => {
    const outcome = await ipmi.raw(netFn, command, body).then(
      () => "answered",
      (error) => error.code,
    )
    expect(["answered", "BMC_REFUSED", "BMC_PRIVILEGE"]).toContain(outcome)
  })
  await fc.assert(run, { numRuns: 300 })
  await ipmi.raw(0x06, 0x3b, Buffer.from([4]))
  expect(await ipmi.deviceId()).toMatchObject({ ipmi: "2.0" })
  await ipmi.close()
})

test("a flood of half-open sessions does not shut out a user", async () => {
  const open = Buffer.from("00000000a0a2a3a4000000080100000001000008010000000200000801000000", "hex")
  for (let count = 0; count < 200; count += 1) {
    const body = encodeOpen({ payloadType: 0x10, sessionId: 0, sequence: 0, payload: open })
    socket.send(encodeRmcp({ class: "ipmi", body }))
  }
  const ipmi = new IpmiClient({ host: "127.0.0.1", port: bmc.port, username, password })
  expect((await ipmi.chassisStatus()).power).toBe("off")
  await ipmi.close()
})

test("a sequence number is taken once, and only near the highest", () => {
  const window = new ReceiveWindow()
  expect([1, 1, 5, 3, 3, 40, 20, 25, 0].map((sequence) => window.take(sequence))).toEqual([
    true,
    false,
    true,
    true,
    false,
    true,
    false,
    true,
    false,
  ])
})
