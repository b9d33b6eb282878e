import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { fromNumber } from "../../../src/dhcp/ipv4.ts"
import { code } from "../../../src/dhcp/options.ts"
import { type DhcpPacket, decodePacket, encodePacket, fitsFileField } from "../../../src/dhcp/packet.ts"
import { BifrostError } from "../../../src/util/errors.ts"
import { A, ask, bytesOf } from "./helpers.ts"

/** Header and cookie of a request, then the option bytes given. */
function message(options: number[], change: (bytes: Uint8Array) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(240 + options.length)
  bytes.set([1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef])
  bytes.set([0x52, 0x54, 0, 0, 0, 0x0a], 28)
  bytes.set([99, 130, 83, 99, ...options], 236)
  change(bytes)
  return bytes
}

describe("DHCP packet", () => {
  test("reads header and options", () => {
    const packet = decodePacket(
      message([53, 1, 1, 50, 4, 172, 22, 0, 9, 0, 0, 255, 1, 2, 3], (bytes) => bytes.set([0x80, 0], 10)),
    )
    expect(packet).toMatchObject({ op: 1, xid: 0xdeadbeef, chaddr: A, broadcast: true, ciaddr: "0.0.0.0" })
    expect([...packet.options.keys()]).toEqual([53, 50])
    expect([...packet.options.get(50)!]).toEqual([172, 22, 0, 9])
  })

  test("joins an option that occurs twice (RFC 3396)", () => {
    const packet = decodePacket(message([77, 2, 1, 2, 53, 1, 1, 77, 1, 3, 255]))
    expect([...packet.options.get(77)!]).toEqual([1, 2, 3])
  })

  test("reads options in file and sname when option 52 says so", () => {
    const packet = decodePacket(
      message([52, 1, 3, 53, 1, 1, 255], (bytes) => {
        bytes.set([60, 2, 65, 66, 255], 108)
        bytes.set([60, 1, 67, 12, 1, 68, 255], 44)
      }),
    )
    expect(Buffer.from(packet.options.get(60)!).toString()).toBe("ABC")
    expect(Buffer.from(packet.options.get(12)!).toString()).toBe("D")
    expect(packet).toMatchObject({ file: "", sname: "" })
    expect(packet.options.has(code.overload)).toBe(false)
  })

  test.each([
    ["too short", new Uint8Array(239), "239 bytes"],
    ["no cookie", new Uint8Array(300), "no magic cookie"],
    ["hlen 17", message([255], (bytes) => bytes.set([17], 2)), "17 bytes"],
    ["an option past the end", message([53, 4, 1]), "option 53"],
    ["an option without length", message([53]), "option 53"],
  ])("refuses %s", (_name, bytes, part) => {
    expect(() => decodePacket(bytes)).toThrow(part)
  })

  test("writes the message type first, the relay's option last, and 300 bytes at least", () => {
    const packet = ask("offer", {}, { 82: bytesOf("relay"), 3: "172.22.0.254", 54: "172.22.0.1" })
    const bytes = encodePacket(packet)
    expect(bytes.length).toBe(300)
    const options = [...bytes.subarray(240)]
    expect(options.slice(0, 9)).toEqual([53, 1, 2, 54, 4, 172, 22, 0, 1])
    expect(options.slice(15, 22)).toEqual([82, 5, ...bytesOf("relay")])
    expect(options[22]).toBe(255)
  })

  test("splits a long value", () => {
    const value = Uint8Array.from({ length: 600 }, (_, index) => index & 255)
    const bytes = encodePacket(ask("ack", {}, { 43: value }))
    expect(decodePacket(bytes).options.get(43)).toEqual(value)
  })

  test("refuses a boot file that its field cannot hold", () => {
    expect(fitsFileField("x".repeat(127))).toBe(true)
    expect(fitsFileField("x".repeat(128))).toBe(false)
    expect(() => encodePacket(ask("ack", { file: "x".repeat(128) }))).toThrow("128 bytes")
  })

  const address = fc.nat({ max: 0xffffffff }).map((value) => fromNumber(value))
  const text = (max: number) => fc.stringMatching(new RegExp(`^[a-z./:0-9]{0,${max}}$`))
  const packets: fc.Arbitrary<DhcpPacket> = fc.record({
    op: fc.constantFrom(1, 2),
    htype: fc.nat({ max: 255 }),
    hops: fc.nat({ max: 16 }),
    xid: fc.nat({ max: 0xffffffff }),
    secs: fc.nat({ max: 0xffff }),
    broadcast: fc.boolean(),
    ciaddr: address,
    yiaddr: address,
    siaddr: address,
    giaddr: address,
    chaddr: fc
      .uint8Array({ maxLength: 16 })
      .map((bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join(":")),
    sname: text(63),
    file: text(127),
    options: fc
      .array(
        fc.tuple(
          fc.integer({ min: 1, max: 254 }).filter((option) => option !== code.overload),
          fc.uint8Array({ maxLength: 700 }),
        ),
        { maxLength: 5 },
      )
      .map((pairs) => new Map(pairs)),
  })

  test("reads back what it wrote", () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const read = decodePacket(encodePacket(packet))
        expect({ ...read, options: undefined }).toEqual({ ...packet, options: undefined })
        const sorted = (map: ReadonlyMap<number, Uint8Array>) => [...map].sort(([a], [b]) => a - b)
        expect(sorted(read.options)).toEqual(sorted(packet.options))
      }),
    )
  })

  test("throws nothing but its own error on any bytes", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.uint8Array({ maxLength: 400 }).map((tail) => message([...tail], (all) => all.set(tail.subarray(0, 200), 20))),
    )
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          decodePacket(input)
        } catch (error) {
          expect(error).toBeInstanceOf(BifrostError)
          expect((error as BifrostError).code).toBe("DHCP_MALFORMED")
        }
      }),
      { numRuns: 500 },
    )
  })
})
