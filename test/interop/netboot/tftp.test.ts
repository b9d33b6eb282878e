import { randomBytes } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { openWire, type Wire } from "./wire.ts"
import { makeWorld, type Served, type World } from "./world.ts"

/**
 * The options of a transfer (RFC 2349, RFC 7440) as clients understand them, and its repetitions as they are on the wire,
 * where no client says whether the server sent a block once too often.
 */
const SERVER = "172.22.0.1"
const loader = randomBytes(300_001)
let world: World
let served: Served
let client: string

beforeAll(async () => {
  world = makeWorld()
  client = world.client()
  world.ip("-n", client, "address", "add", "172.22.0.77/24", "dev", "eth0")
  writeFileSync(join(world.state, "boot/loader"), loader)
  served = await world.serve()
})
afterAll(async () => {
  await served?.stop()
  world?.destroy()
})

describe("clients", () => {
  test("curl is told the size, the block size that was agreed and its timeout", async () => {
    const to = join(world.state, "by-curl")
    const args = ["-sSv", "--tftp-blksize", "8192", "-m", "60", "-o", to, `tftp://${SERVER}/loader`]
    const { output } = await world.run(client, "curl", ...args)
    expect(output).toContain("tsize parsed from OACK (300001)")
    expect(output).toContain("blksize parsed from OACK (1468) requested (8192)")
    expect(output).toMatch(/got option=\(timeout\) value=\(\d+\)/)
    expect(readFileSync(to).equals(loader)).toBe(true)
  })

  test("atftp reads in windows of eight blocks", async () => {
    const to = join(world.state, "by-atftp")
    const options = ["windowsize 8", "blksize 1468"].flatMap((option) => ["--option", option])
    const { output } = await world.run(client, "atftp", "--trace", ...options, "-g", "-r", "loader", "-l", to, SERVER)
    expect(output).toContain("windowsize: 8")
    expect(readFileSync(to).equals(loader)).toBe(true)
  })
})

describe("on the wire", () => {
  /** Sends a read request from a socket of its own and gives what is said on it. */
  async function read(options: Record<string, string | number>) {
    const wire = await openWire(world, client, "172.22.0.77", 0)
    const words = ["loader", "octet", ...Object.entries(options).flat()]
    const request = Buffer.concat([Buffer.of(0, 1), Buffer.from(words.map((word) => `${word}\0`).join(""))])
    wire.send(request, { address: SERVER, port: 69 })
    return conversation(wire)
  }

  function conversation(wire: Wire) {
    let port = 0
    const next = async () => {
      const datagram = await wire.next()
      port = datagram.port
      return datagram.bytes
    }
    return {
      /** The server's acknowledgement of options, as it lists them. */
      async options() {
        const bytes = await next()
        expect(bytes.readUInt16BE(0)).toBe(6)
        return bytes.toString("latin1", 2).replace(/\0$/, "").split("\0")
      },
      /** Numbers of the next blocks, each with the file's bytes in it. */
      async blocks(count: number, size = 512) {
        const numbers: number[] = []
        for (let index = 0; index < count; index++) {
          const bytes = await next()
          expect(bytes.readUInt16BE(0)).toBe(3)
          const number = bytes.readUInt16BE(2)
          expect(bytes.subarray(4).equals(loader.subarray((number - 1) * size, number * size))).toBe(true)
          numbers.push(number)
        }
        return numbers
      },
      acknowledge: (block: number) => wire.send(Buffer.of(0, 4, block >> 8, block & 255), { address: SERVER, port }),
      /** Ends the transfer: the server holds nothing for a client that is gone. */
      async leave() {
        wire.send(Buffer.from("\0\x05\0\0done\0", "latin1"), { address: SERVER, port })
        await wire.close()
      },
    }
  }

  test("options out of range are passed over, others cut down to what this server does", async () => {
    const asked = await read({ windowsize: 65535, tsize: 0, timeout: 256, blksize: 7, multicast: "" })
    expect(await asked.options()).toEqual(["tsize", "300001", "windowsize", "32"])
    await asked.leave()
    const least = await read({ windowsize: 0, timeout: 255, BLKSIZE: 8 })
    expect(await least.options()).toEqual(["blksize", "8", "timeout", "255"])
    await least.leave()
  })

  test("a window is sent unasked, goes on where it is acknowledged, and starts over behind a lost block", async () => {
    const transfer = await read({ windowsize: 4, timeout: 255 })
    expect(await transfer.options()).toEqual(["timeout", "255", "windowsize", "4"])
    transfer.acknowledge(0)
    expect(await transfer.blocks(4)).toEqual([1, 2, 3, 4])
    transfer.acknowledge(4)
    expect(await transfer.blocks(4)).toEqual([5, 6, 7, 8])
    transfer.acknowledge(6)
    expect(await transfer.blocks(4)).toEqual([7, 8, 9, 10])
    await transfer.leave()
  })

  test("an acknowledgement that comes twice brings no block twice", async () => {
    // With a wait that outlasts the test, so that no repetition can come of it.
    const transfer = await read({ timeout: 255 })
    expect(await transfer.options()).toEqual(["timeout", "255"])
    transfer.acknowledge(0)
    expect(await transfer.blocks(1)).toEqual([1])
    for (const block of [1, 1, 0, 1]) transfer.acknowledge(block)
    expect(await transfer.blocks(1)).toEqual([2])
    for (const block of [2, 1, 2]) transfer.acknowledge(block)
    expect(await transfer.blocks(1)).toEqual([3])
    transfer.acknowledge(3)
    // What came of the repetitions would stand before it.
    expect(await transfer.blocks(1)).toEqual([4])
    await transfer.leave()
  })

  test("a block that is not acknowledged comes again, after the wait that the client asked for", async () => {
    const transfer = await read({ timeout: 1 })
    expect(await transfer.options()).toEqual(["timeout", "1"])
    const asked = performance.now()
    transfer.acknowledge(0)
    expect(await transfer.blocks(2)).toEqual([1, 1])
    // Of its own accord this server repeats sooner; a busy machine can only make it later.
    expect(performance.now() - asked).toBeGreaterThan(990)
    transfer.acknowledge(1)
    expect(await transfer.blocks(1)).toEqual([2])
    await transfer.leave()
  })
})
