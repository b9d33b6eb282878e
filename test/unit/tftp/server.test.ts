import { execFileSync } from "node:child_process"
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { decode, encode, type TftpPacket } from "../../../src/tftp/codec.ts"
import { startTftpServer, type TransferReport } from "../../../src/tftp/server.ts"
import { folderSource, safeRelativePath } from "../../../src/tftp/source.ts"
import { systemClock } from "../../../src/util/clock.ts"

let folder: string
let stop: AbortController
let sockets: Socket[]
let reports: TransferReport[]
let servers: Awaited<ReturnType<typeof startTftpServer>>[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tftp-test-"))
  mkdirSync(join(folder, "root/sub"), { recursive: true })
  writeFileSync(join(folder, "secret"), "secret")
  writeFileSync(join(folder, "root/a.bin"), Buffer.alloc(1300, 1))
  writeFileSync(join(folder, "root/sub/b.bin"), "b")
  symlinkSync("../secret", join(folder, "root/out"))
  symlinkSync("sub/b.bin", join(folder, "root/within"))
  symlinkSync("/", join(folder, "root/slash"))
  execFileSync("mkfifo", [join(folder, "root/fifo")])
  stop = new AbortController()
  sockets = []
  reports = []
  servers = []
})
afterEach(async () => {
  stop.abort()
  await Promise.all(servers.map((server) => server.close()))
  for (const socket of sockets) socket.close()
  rmSync(folder, { recursive: true })
})

describe("files by TFTP", () => {
  test.each([
    ["a.bin", 1300],
    ["/a.bin", 1300],
    ["\\sub\\b.bin", 1],
    ["./sub//b.bin", 1],
    ["within", 1],
  ])("%s is there", async (path, size) => {
    const file = await folderSource(join(folder, "root")).open(path)
    expect(file?.size).toBe(size)
    await file?.close()
  })

  test.each([
    "../secret",
    "sub/../../secret",
    "out",
    "slash/etc/passwd",
    "sub",
    "fifo",
    "absent",
    "",
    "/",
    "a.bin\0",
    "a.bin/x",
  ])("%j is not", async (path) => {
    expect(await folderSource(join(folder, "root")).open(path)).toBeUndefined()
  })

  test("no path leads out", () => {
    fc.assert(
      fc.property(fc.string(), (path) => {
        const safe = safeRelativePath(path)
        if (safe !== undefined) expect(join("/root", safe)).toMatch(/^\/root\/./)
      }),
    )
  })
})

async function client(): Promise<{ socket: Socket; next(): Promise<{ packet: TftpPacket; port: number }> }> {
  const socket = createSocket("udp4")
  socket.bind(0, "127.0.0.1")
  await once(socket, "listening")
  sockets.push(socket)
  return {
    socket,
    async next() {
      const [bytes, from] = await once(socket, "message")
      return { packet: decode(bytes), port: from.port }
    },
  }
}

async function serve() {
  const server = await startTftpServer({
    address: "127.0.0.1",
    port: 0,
    source: folderSource(join(folder, "root")),
    clock: systemClock,
    signal: stop.signal,
    onTransfer: (report) => reports.push(report),
  })
  servers.push(server)
  return server
}

const request = (file: string, fields: Partial<{ type: "read" | "write"; mode: string }> = {}) =>
  encode({ type: "read", file, mode: "octet", options: new Map(), ...fields })

describe("the TFTP server", () => {
  test.each([
    ["an absent file", request("absent"), 1, "no such file"],
    ["a write", request("a.bin", { type: "write" }), 2, "this server is read-only"],
    ["netascii", request("a.bin", { mode: "netascii" }), 4, "only mode octet is served"],
  ])("refuses %s", async (_name, bytes, code, message) => {
    const { port } = await serve()
    const { socket, next } = await client()
    socket.send(bytes, port, "127.0.0.1")
    expect((await next()).packet).toEqual({ type: "error", code, message })
    expect(reports).toMatchObject([{ ok: false, why: message, bytes: 0 }])
  })

  test("a stranger on the transfer's port is turned away, and the transfer goes on", async () => {
    const { port } = await serve()
    const [one, other] = [await client(), await client()]
    one.socket.send(request("a.bin"), port, "127.0.0.1")
    const first = await one.next()
    expect(first.packet).toMatchObject({ type: "data", block: 1 })
    other.socket.send(encode({ type: "ack", block: 1 }), first.port, "127.0.0.1")
    expect((await other.next()).packet).toMatchObject({ type: "error", code: 5 })
    one.socket.send(encode({ type: "ack", block: 1 }), first.port, "127.0.0.1")
    expect((await one.next()).packet).toMatchObject({ type: "data", block: 2 })
  })

  test("says goodbye to its clients when it stops", async () => {
    const { port, close } = await serve()
    const { socket, next } = await client()
    socket.send(request("a.bin"), port, "127.0.0.1")
    await next()
    const [last] = await Promise.all([next(), close()])
    expect(last.packet).toEqual({ type: "error", code: 0, message: "the server stops" })
    expect(reports).toMatchObject([{ file: "a.bin", ok: false, why: "the server stops" }])
  })

  test("says that its port is taken", async () => {
    const { port } = await serve()
    const second = startTftpServer({
      address: "127.0.0.1",
      port,
      source: folderSource(folder),
      clock: systemClock,
      signal: stop.signal,
    })
    await expect(second).rejects.toMatchObject({
      code: "TFTP_PORT_TAKEN",
      message: expect.stringContaining(`:${port}/udp`),
    })
  })

  test("lives through any packets, to either of its ports", async () => {
    const { port } = await serve()
    const noise = await client()
    noise.socket.on("message", () => {})
    const { socket, next } = await client()
    socket.send(request("a.bin"), port, "127.0.0.1")
    const { port: transferPort } = await next()
    for (const bytes of fc.sample(fc.uint8Array({ maxLength: 80 }), 300)) {
      noise.socket.send(bytes, port, "127.0.0.1")
      socket.send(bytes, transferPort, "127.0.0.1")
      // One at a time: a full receive buffer would drop what the test relies on.
      await new Promise(setImmediate)
    }
    const fresh = await client()
    fresh.socket.send(request("sub/b.bin"), port, "127.0.0.1")
    expect((await fresh.next()).packet).toEqual({ type: "data", block: 1, data: Uint8Array.of(98) })
  })
})
