import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { decode, encode, type TftpPacket } from "../../../src/tftp/codec.ts"
import { negotiate } from "../../../src/tftp/negotiate.ts"
import { BifrostError } from "../../../src/util/errors.ts"

const bytes = (...parts: (number | string)[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "number" ? [part] : [...Buffer.from(part, "latin1")])))

describe("TFTP packets", () => {
  test.each<[string, Uint8Array, TftpPacket]>([
    ["a request", bytes(0, 1, "a.efi\0OCTET\0"), { type: "read", file: "a.efi", mode: "octet", options: new Map() }],
    [
      "a request with options",
      bytes(0, 1, "a\0octet\0tsize\x000\0BLKSIZE\x001468\0"),
      {
        type: "read",
        file: "a",
        mode: "octet",
        options: new Map([
          ["tsize", "0"],
          ["blksize", "1468"],
        ]),
      },
    ],
    [
      "a request whose last NUL is missing",
      bytes(0, 1, "a\0octet"),
      { type: "read", file: "a", mode: "octet", options: new Map() },
    ],
    ["a write request", bytes(0, 2, "a\0octet\0"), { type: "write", file: "a", mode: "octet", options: new Map() }],
    ["an acknowledgement", bytes(0, 4, 0xff, 0xfe), { type: "ack", block: 0xfffe }],
    ["an error", bytes(0, 5, 0, 8, "no\0"), { type: "error", code: 8, message: "no" }],
    ["an error without a text", bytes(0, 5, 0, 0), { type: "error", code: 0, message: "" }],
  ])("reads %s", (_name, input, expected) => {
    expect(decode(input)).toEqual(expected)
  })

  test.each([
    ["one byte", bytes(0)],
    ["an unknown operation", bytes(0, 9, 0, 0)],
    ["a request without a mode", bytes(0, 1, "abc\0")],
  ])("refuses %s", (_name, input) => {
    expect(() => decode(input)).toThrow(BifrostError)
  })

  const text = fc.stringMatching(/^[a-z0-9./]{1,20}$/)
  const options = fc.array(fc.tuple(text, text), { maxLength: 4 }).map((list) => new Map(list))
  const block = fc.nat({ max: 0xffff })
  const packet: fc.Arbitrary<TftpPacket> = fc.oneof(
    fc.record({ type: fc.constantFrom("read", "write"), file: text, mode: fc.constant("octet"), options }),
    fc.record({ type: fc.constant("data"), block, data: fc.uint8Array({ maxLength: 64 }) }),
    fc.record({ type: fc.constant("ack"), block }),
    fc.record({ type: fc.constant("error"), code: block, message: text }),
    fc.record({ type: fc.constant("options"), options: options.filter((map) => map.size > 0) }),
  )

  test("reads back what it wrote", () => {
    fc.assert(fc.property(packet, (value) => void expect(decode(Uint8Array.from(encode(value)))).toEqual(value)))
  })

  test("throws nothing but its own error on any bytes", () => {
    const head = fc
      .tuple(fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 60 }))
      .map(([op, tail]) => bytes(0, op, ...tail))
    fc.assert(
      fc.property(fc.oneof(head, fc.uint8Array({ maxLength: 60 })), (input) => {
        try {
          decode(input)
        } catch (error) {
          expect((error as BifrostError).code).toBe("TFTP_MALFORMED")
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe("TFTP options", () => {
  test("none asked, none told", () => {
    expect(negotiate(new Map(), 10)).toEqual({
      blockSize: 512,
      windowSize: 1,
      timeoutMs: undefined,
      accepted: new Map(),
    })
  })

  test("all known ones; blocks stay below a fragment, windows below a burst", () => {
    const asked = new Map([
      ["tsize", "0"],
      ["blksize", "8192"],
      ["timeout", "3"],
      ["windowsize", "64"],
      ["multicast", ""],
    ])
    expect(negotiate(asked, 74_213)).toEqual({
      blockSize: 1468,
      windowSize: 32,
      timeoutMs: 3000,
      accepted: new Map([
        ["blksize", "1468"],
        ["timeout", "3"],
        ["tsize", "74213"],
        ["windowsize", "32"],
      ]),
    })
  })

  test.each([
    ["blksize", "7"],
    ["blksize", "65465"],
    ["blksize", "1e3"],
    ["timeout", "0"],
    ["timeout", "256"],
    ["windowsize", "0"],
  ])("passes over %s=%s", (name, value) => {
    expect(negotiate(new Map([[name, value]]), 1).accepted.size).toBe(0)
  })
})
