import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { decode, type TftpPacket } from "../../../src/tftp/codec.ts"
import type { Terms } from "../../../src/tftp/negotiate.ts"
import { memoryFile } from "../../../src/tftp/source.ts"
import { type Step, sendFile } from "../../../src/tftp/transfer.ts"

const terms = (fields: Partial<Terms> = {}): Terms => ({
  blockSize: 512,
  windowSize: 1,
  timeoutMs: undefined,
  accepted: new Map(),
  ...fields,
})
const blocks = ({ send }: Step) =>
  send.map(decode).map((packet) => (packet.type === "data" ? packet.block : packet.type))
const ack = (block: number): TftpPacket => ({ type: "ack", block })
const some = (size: number) => Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) & 255)

describe("the sender of a file", () => {
  test("ends a file of whole blocks with an empty one", async () => {
    const transfer = sendFile(memoryFile(some(1024)), terms())
    expect(blocks(await transfer.start())).toEqual([1])
    expect(blocks(await transfer.onPacket(ack(1)))).toEqual([2])
    const last = await transfer.onPacket(ack(2))
    expect(last.send.map(decode)).toEqual([{ type: "data", block: 3, data: new Uint8Array() }])
    expect((await transfer.onPacket(ack(3))).ended).toEqual({ ok: true, bytes: 1024, why: undefined })
  })

  test("an empty file is one empty block", async () => {
    const transfer = sendFile(memoryFile(""), terms())
    expect(blocks(await transfer.start())).toEqual([1])
    expect((await transfer.onPacket(ack(1))).ended?.ok).toBe(true)
  })

  test("options first, repeated until block 0 is acknowledged", async () => {
    const transfer = sendFile(memoryFile("x"), terms({ accepted: new Map([["tsize", "1"]]) }))
    expect(blocks(await transfer.start())).toEqual(["options"])
    expect(blocks(await transfer.onTimeout())).toEqual(["options"])
    expect(blocks(await transfer.onPacket(ack(7)))).toEqual([])
    expect(blocks(await transfer.onPacket(ack(0)))).toEqual([1])
    expect(blocks(await transfer.onPacket(ack(0)))).toEqual([])
  })

  test("a duplicate acknowledgement sends nothing (sorcerer's apprentice)", async () => {
    const transfer = sendFile(memoryFile(some(3000)), terms())
    await transfer.start()
    expect(blocks(await transfer.onPacket(ack(1)))).toEqual([2])
    expect(blocks(await transfer.onPacket(ack(1)))).toEqual([])
    expect(blocks(await transfer.onPacket(ack(0)))).toEqual([])
    expect(blocks(await transfer.onPacket(ack(3)))).toEqual([])
    expect(blocks(await transfer.onTimeout())).toEqual([2])
  })

  test("an acknowledgement inside the window starts the window over behind it", async () => {
    const transfer = sendFile(memoryFile(some(512 * 10)), terms({ windowSize: 4 }))
    expect(blocks(await transfer.start())).toEqual([1, 2, 3, 4])
    expect(blocks(await transfer.onPacket(ack(2)))).toEqual([3, 4, 5, 6])
    expect(blocks(await transfer.onPacket(ack(6)))).toEqual([7, 8, 9, 10])
    expect(blocks(await transfer.onPacket(ack(10)))).toEqual([11])
  })

  test("gives a silent client up, and says so", async () => {
    const transfer = sendFile(memoryFile("x"), terms())
    await transfer.start()
    for (let attempt = 1; attempt <= 8; attempt++) {
      expect(blocks(await transfer.onTimeout())).toEqual([1])
      expect(transfer.attempts).toBe(attempt)
    }
    expect(await transfer.onTimeout()).toMatchObject({ ended: { ok: false, why: "the client does not answer" } })
  })

  test("a client's error ends it", async () => {
    const transfer = sendFile(memoryFile("x"), terms())
    await transfer.start()
    const step = await transfer.onPacket({ type: "error", code: 8, message: "only asked for the size" })
    expect(step.ended).toEqual({ ok: false, bytes: 0, why: "the client ended it: only asked for the size" })
  })

  test("a file that shrinks is an error, never silently short", async () => {
    const file = { ...memoryFile(some(100)), size: 2000 }
    expect(await sendFile(file, terms()).start()).toMatchObject({ ended: { ok: false, why: /changed/ } })
  })

  test("block numbers roll over", async () => {
    const content = some(70_000 * 8 + 3)
    expect(await receive(content, terms({ blockSize: 8, windowSize: 16 }), () => false)).toEqual(content)
  })

  test("any loss on either side still gives the whole file", async () => {
    const lossy = fc.record({
      size: fc.nat({ max: 6000 }),
      windowSize: fc.integer({ min: 1, max: 9 }),
      lost: fc.infiniteStream(fc.integer({ min: 0, max: 9 }).map((dice) => dice < 2)),
      options: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(lossy, async ({ size, windowSize, lost, options }) => {
        const accepted = new Map(options ? [["tsize", String(size)]] : [])
        const content = some(size)
        let inARow = 0
        const drop = () => {
          // Two in a row at most, or the sender would rightly give up.
          inARow = inARow < 2 && lost.next().value === true ? inARow + 1 : 0
          return inARow > 0
        }
        const received = await receive(content, terms({ windowSize, accepted }), drop)
        expect(received).toEqual(content)
      }),
      { numRuns: 60 },
    )
  })
})

/** A client of RFC 7440 on a line that loses what `lost` says. Every silence ends in a timeout on one side. */
async function receive(content: Uint8Array, own: Terms, lost: () => boolean): Promise<Uint8Array> {
  const transfer = sendFile(memoryFile(content), own)
  const received: Uint8Array[] = []
  let expected = 1
  let inWindow = 0
  let done = false
  let step = await transfer.start()
  for (;;) {
    let reply: TftpPacket | undefined
    for (const bytes of step.send) {
      if (lost()) continue
      const packet = decode(bytes)
      if (packet.type === "options") reply = ack(0)
      if (packet.type !== "data") continue
      if (packet.block !== expected % 0x10000 || done) {
        reply = ack((expected - 1) % 0x10000)
        inWindow = 0
        continue
      }
      received.push(packet.data)
      expected++
      inWindow++
      done = packet.data.length < own.blockSize
      if (done || inWindow === own.windowSize) {
        reply = ack((expected - 1) % 0x10000)
        inWindow = 0
      }
    }
    // The last acknowledgement always arrives in the end; RFC 1350 §6 leaves its loss to the sender's patience.
    step = reply && (done || !lost()) ? await transfer.onPacket(reply) : await transfer.onTimeout()
    if (step.ended) {
      if (!step.ended.ok) throw new Error(step.ended.why)
      return Uint8Array.from(Buffer.concat(received))
    }
    if (step.send.length === 0) step = await transfer.onTimeout()
    if (step.ended) throw new Error(step.ended.why)
  }
}
