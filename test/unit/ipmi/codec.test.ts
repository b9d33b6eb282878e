import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { decodeAsf, encodeAsf } from "../../../src/ipmi/codec/asf.ts"
import { decodeBootFlags, decodeBootParameter, encodeBootFlags } from "../../../src/ipmi/codec/boot-options.ts"
import { decodeChassisStatus, encodeChassisStatus } from "../../../src/ipmi/codec/chassis.ts"
import { decodeChannelInfo, decodeDeviceId, encodeChannelInfo, encodeDeviceId } from "../../../src/ipmi/codec/device.ts"
import { decodeAuthCapabilities, encodeAuthCapabilities } from "../../../src/ipmi/codec/discovery.ts"
import { protection } from "../../../src/ipmi/codec/keys.ts"
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from "../../../src/ipmi/codec/message.ts"
import * as rakp from "../../../src/ipmi/codec/rakp.ts"
import { decodeRmcp, encodeRmcp } from "../../../src/ipmi/codec/rmcp.ts"
import { decodeReading, decodeSensorRecord, encodeAnalogSensor } from "../../../src/ipmi/codec/sdr.ts"
import { decodeSession15, encodeSession15 } from "../../../src/ipmi/codec/session15.ts"
import { decodeOpen, encodeOpen, open, seal } from "../../../src/ipmi/codec/session20.ts"
import { decodeSol, encodeSol } from "../../../src/ipmi/codec/sol.ts"
import { suites } from "../../../src/ipmi/codec/suites.ts"
import { decodeUserAccess, encodeUserAccess } from "../../../src/ipmi/codec/users.ts"
import { ipmiErrors } from "../../../src/ipmi/errors.ts"
import { BifrostError } from "../../../src/util/errors.ts"

const bytes = (maxLength: number, minLength = 0) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array))
const byte = fc.nat(255)
const id = fc.nat(0xffffffff)
const keys = [suites[3], suites[17]].map((suite) => protection(suite, Buffer.alloc(suite.digestLength, 7)))

function roundTrips<T>(values: fc.Arbitrary<T>, encode: (value: T) => Buffer, decode: (input: Buffer) => unknown) {
  fc.assert(
    fc.property(values, (value) => {
      expect(decode(encode(value))).toEqual(value)
    }),
  )
}

describe("as written down in the specification and seen on the wire", () => {
  test("presence ping", () => {
    const ping = encodeRmcp({ class: "asf", body: encodeAsf({ type: "ping", tag: 9 }) })
    expect(ping.toString("hex")).toBe("0600ff06000011be80090000")
  })

  test("Get Channel Authentication Capabilities as ipmitool sends it", () => {
    const golden = "0600ff07000000000000000000092018c88100388e04b5"
    const message = encodeRequest({ netFn: 6, command: 0x38, sequence: 0, data: Buffer.from([0x8e, 0x04]) })
    expect(encodeRmcp({ class: "ipmi", body: encodeSession15(message) }).toString("hex")).toBe(golden)
    const { body } = decodeRmcp(Buffer.from(golden, "hex"))
    expect(decodeRequest(decodeSession15(body))).toMatchObject({ netFn: 6, command: 0x38, sequence: 0 })
  })

  test("Open Session Request with cipher suite 3", () => {
    const message = { tag: 0, privilege: 0, consoleId: 0xa4a3a2a0, authentication: 1, integrity: 1, confidentiality: 1 }
    const payload = rakp.encodeOpenSessionRequest(message)
    const records = "000000080100000001000008010000000200000801000000"
    expect(payload.toString("hex")).toBe(`00000000a0a2a3a4${records}`)
  })

  test("boot flags: PXE once, and disk for ever with EFI", () => {
    expect(encodeBootFlags({ device: "pxe", persistent: false, efi: false })).toEqual(Buffer.from([0x80, 4, 0, 0, 0]))
    expect(encodeBootFlags({ device: "disk", persistent: true, efi: true })).toEqual(Buffer.from([0xe0, 8, 0, 0, 0]))
  })
})

describe("round trips", () => {
  test("messages", () => {
    const message = { netFn: fc.nat(31).map((n) => n * 2), command: byte, sequence: fc.nat(63), data: bytes(200) }
    roundTrips(fc.record(message), encodeRequest, decodeRequest)
    const response = fc.record({ ...message, code: byte })
    roundTrips(response, encodeResponse, decodeResponse)
  })

  test("session packets, open and sealed; no bit of a sealed one can be changed", () => {
    const packet = fc.record({
      payloadType: fc.constantFrom(0, 1, 0x10, 0x15),
      sessionId: id,
      sequence: id,
      payload: bytes(300),
    })
    fc.assert(
      fc.property(packet, fc.constantFrom(...keys), bytes(16, 16), fc.nat(), (value, key, iv, at) => {
        expect(decodeOpen(encodeOpen(value))).toEqual(value)
        const sealed = seal(value, key, iv)
        expect(open(sealed, key)).toEqual(value)
        expect(sealed.length % 4).toBe(0)
        sealed[at % sealed.length]! ^= 1 << (at % 8)
        expect(() => open(sealed, key)).toThrow(BifrostError)
      }),
    )
  })

  test("session activation", () => {
    const algorithms = { authentication: fc.nat(63), integrity: fc.nat(63), confidentiality: fc.nat(63) }
    const request = fc.record({ tag: byte, privilege: fc.nat(15), consoleId: id, ...algorithms })
    roundTrips(request, rakp.encodeOpenSessionRequest, rakp.decodeOpenSessionRequest)
    fc.assert(
      fc.property(request, id, (value, bmcId) => {
        const response = { ...value, status: 0, bmcId }
        expect(rakp.decodeOpenSessionResponse(rakp.encodeOpenSessionResponse(response))).toEqual(response)
      }),
    )
    const [random, code] = [bytes(16, 16), bytes(32, 20)]
    const name = fc.string({ unit: "binary-ascii", maxLength: 16 })
    const rakp1 = fc.record({ tag: byte, bmcId: id, consoleRandom: random, role: byte, username: name })
    roundTrips(rakp1, rakp.encodeRakp1, rakp.decodeRakp1)
    const status = fc.constant(0)
    const rakp2 = fc.record({ tag: byte, status, consoleId: id, bmcRandom: random, guid: random, code })
    roundTrips(rakp2, rakp.encodeRakp2, rakp.decodeRakp2)
    const rakp3 = fc.record({ tag: byte, status, bmcId: id, code })
    roundTrips(rakp3, rakp.encodeRakp3, rakp.decodeRakp3)
    const rakp4 = fc.record({ tag: byte, status, consoleId: id, code })
    roundTrips(rakp4, rakp.encodeRakp4, rakp.decodeRakp4)
  })

  test("SOL packets, pings and pongs", () => {
    const flags = { nack: fc.boolean(), signal: fc.boolean(), overrun: fc.boolean() }
    const packet = fc.record({ sequence: fc.nat(15), acked: fc.nat(15), accepted: byte, ...flags, data: bytes(251) })
    roundTrips(packet, encodeSol, decodeSol)
    const pong = fc.record({ type: fc.constant("pong" as const), tag: byte, ipmi: fc.boolean() })
    roundTrips(pong, encodeAsf, decodeAsf)
  })

  test("values of commands", () => {
    const device = fc.constantFrom("pxe", "disk", "cdrom", "bios")
    const selection = fc.record({ device, persistent: fc.boolean(), efi: fc.boolean() })
    roundTrips(selection, encodeBootFlags, decodeBootFlags)
    const status = fc.record({
      power: fc.constantFrom("on", "off"),
      restorePolicy: fc.constantFrom("stays-off", "previous", "stays-on", "unknown"),
      powerOverload: fc.boolean(),
      powerFault: fc.boolean(),
      intrusion: fc.boolean(),
      driveFault: fc.boolean(),
      coolingFault: fc.boolean(),
      identify: fc.constantFrom("off", "temporary", "on", undefined),
    })
    roundTrips(status, encodeChassisStatus, decodeChassisStatus)
    const user = fc.record({
      maxUsers: fc.nat(63),
      enabledUsers: fc.nat(63),
      enabled: fc.boolean(),
      ipmi: fc.boolean(),
      privilege: fc.constantFrom("callback", "user", "operator", "administrator", undefined),
    })
    roundTrips(user, encodeUserAccess, decodeUserAccess)
    const info = { channel: 1, medium: 4, protocol: 1, sessions: "multi", activeSessions: 3 } as const
    expect(decodeChannelInfo(encodeChannelInfo(info))).toEqual(info)
    const bmc = {
      id: 32,
      revision: 1,
      firmware: "2.41",
      ipmi: "2.0",
      manufacturer: 674,
      product: 256,
      supports: ["sel"],
    }
    expect(decodeDeviceId(encodeDeviceId(bmc))).toEqual(bmc)
    const capabilities = { channel: 1, ipmi20: true, bmcKey: true }
    expect(decodeAuthCapabilities(encodeAuthCapabilities(capabilities))).toEqual(capabilities)
  })

  test("sensor records", () => {
    const name = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 16 })
    fc.assert(
      fc.property(name, fc.integer({ min: 1, max: 511 }), byte, (label, scale, raw) => {
        const sensor = { id: 1, number: 3, name: label, type: 4, unitCode: 18, scale, entity: 29 }
        const record = decodeSensorRecord(encodeAnalogSensor(sensor))
        expect(record).toMatchObject({ number: 3, name: label, type: 4, unit: "RPM" })
        expect(record?.convert?.(raw)).toBe(raw * scale)
      }),
    )
  })
})

test("random bytes: every decoder returns or throws IPMI_MALFORMED, nothing else", () => {
  const decoders: ((input: Buffer) => unknown)[] = [
    decodeRmcp,
    decodeAsf,
    decodeRequest,
    decodeResponse,
    decodeSession15,
    decodeOpen,
    (input) => open(input, keys[0]!),
    (input) => open(input, keys[1]!),
    rakp.decodeOpenSessionRequest,
    rakp.decodeOpenSessionResponse,
    rakp.decodeRakp1,
    rakp.decodeRakp2,
    rakp.decodeRakp3,
    rakp.decodeRakp4,
    decodeSol,
    decodeAuthCapabilities,
    decodeChassisStatus,
    decodeBootFlags,
    (input) => decodeBootParameter(input, 5),
    decodeDeviceId,
    decodeChannelInfo,
    decodeUserAccess,
    (input) => decodeSensorRecord(input)?.convert?.(input[0] ?? 0),
    decodeReading,
  ]
  fc.assert(
    fc.property(fc.constantFrom(...decoders), bytes(120), (decode, input) => {
      try {
        decode(input)
      } catch (error) {
        expect((error as BifrostError).code).toBe(ipmiErrors.IPMI_MALFORMED.code)
      }
    }),
    { numRuns: 3000 },
  )
})
