import { createSocket } from "node:dgram"
import { afterEach, describe, expect, test } from "vitest"
import { type BmcTarget, type ClientDependencies, IpmiClient } from "../../../src/ipmi/client.ts"
import { decodeRmcp } from "../../../src/ipmi/codec/rmcp.ts"
import { isSession20, payloadTypes } from "../../../src/ipmi/codec/session20.ts"
import { ipmiErrors } from "../../../src/ipmi/errors.ts"
import { type Clock, systemClock } from "../../../src/util/clock.ts"
import { BifrostError } from "../../../src/util/errors.ts"
import { Secret } from "../../../src/util/secret.ts"
import { ManualClock } from "../conductor/manual-clock.ts"
import { fastClock, LossyProxy, password, startServer, username } from "./fixture.ts"

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function bmc(...options: Parameters<typeof startServer>) {
  const started = await startServer(...options)
  endings.push(() => started.server.close())
  return started
}

function client(port: number, target: Partial<BmcTarget> = {}, dependencies: ClientDependencies = {}) {
  const made = new IpmiClient(
    { host: "127.0.0.1", port, username, password, node: "rack1-h0", ...target },
    dependencies,
  )
  endings.push(() => made.close())
  return made
}

async function proxied(port: number, lose: (packet: number) => boolean) {
  const proxy = new LossyProxy()
  endings.push(() => proxy.stop())
  return { proxy, port: await proxy.start(port, lose) }
}

const never = () => false

/** RMCP+ payload types that the client sent. */
function payloadsOf(packets: readonly Buffer[]): number[] {
  const bodies = packets.map((bytes) => decodeRmcp(bytes).body).filter(isSession20)
  return bodies.map((body) => body[1]! & 0x3f)
}

describe.each([17, 3] as const)("cipher suite %i", (suite) => {
  test("power, boot device, sensors, users, identity", async () => {
    const { machine, port } = await bmc()
    const ipmi = client(port, {}, { suites: [suite] })
    expect((await ipmi.chassisStatus()).power).toBe("off")
    const once = { device: "pxe", persistent: false, efi: true } as const
    await ipmi.setBootDevice(once)
    expect(await ipmi.getBootDevice()).toEqual(once)
    await ipmi.chassisControl("on")
    expect(machine.boots).toEqual([once])
    expect((await ipmi.getBootDevice()).device).toBe("none")
    await ipmi.setBootDevice({ device: "disk", persistent: true, efi: false })
    await ipmi.chassisControl("cycle")
    expect(machine.boots.at(-1)).toMatchObject({ device: "disk", persistent: true })
    expect(await ipmi.sensors()).toMatchObject([
      { name: "Inlet Temp", value: 23, unit: "C" },
      { name: "Fan 1", value: 4200, unit: "RPM" },
      { name: "ACPI State", type: 0x22, value: undefined, states: 0x01, available: true },
    ])
    expect(await ipmi.users()).toMatchObject([
      { id: 1, name: "admin", privilege: "administrator" },
      { id: 2, name: "guest", privilege: "user" },
    ])
    expect(await ipmi.deviceId()).toMatchObject({ ipmi: "2.0", firmware: "1.00" })
    expect(await ipmi.channelInfo()).toMatchObject({ channel: 1, medium: 4, activeSessions: 1 })
    expect(await ipmi.raw(0x06, 0x04)).toEqual(Buffer.from([0x55, 0]))
  })
})

test("one session serves every command, and is closed at the end", async () => {
  const { port: real } = await bmc()
  const { proxy, port } = await proxied(real, never)
  const ipmi = client(port)
  await ipmi.deviceId()
  // Discovery, Open Session, RAKP 1 and 3, privilege, the command: six out, six back.
  expect(proxy.packets).toBe(12)
  await Promise.all([ipmi.chassisStatus(), ipmi.deviceId(), ipmi.getBootDevice()])
  expect(proxy.packets).toBe(18)
  await ipmi.close()
  expect(proxy.packets).toBe(20)
  expect(payloadsOf(proxy.fromClient).filter((type) => type === payloadTypes.openSessionRequest)).toHaveLength(1)
})

test("a session that nobody uses is kept alive for five minutes, then given back", async () => {
  const clock = new ManualClock()
  let scheduled = Promise.withResolvers<void>()
  const watched: Clock = {
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    after(ms, fire) {
      if (ms === 25_000) scheduled.resolve()
      return clock.after(ms, fire)
    },
  }
  // The BMC lives by the same clock: it ends a session of which it hears nothing for 60 s.
  const { port: real } = await bmc({}, clock)
  const { proxy, port } = await proxied(real, never)
  const ipmi = client(port, {}, { clock: watched })
  await ipmi.deviceId()
  const sessionsOpened = () =>
    payloadsOf(proxy.fromClient).filter((type) => type === payloadTypes.openSessionRequest).length
  let packets = 12
  for (let seconds = 25; seconds < 300; seconds += 25) {
    scheduled = Promise.withResolvers()
    clock.advance(24_999)
    expect(proxy.packets).toBe(packets)
    clock.advance(1)
    await scheduled.promise
    packets += 2
    expect(proxy.packets).toBe(packets)
  }
  expect(sessionsOpened()).toBe(1)
  // Close Session and its answer; then the next command opens another session.
  clock.advance(25_000)
  expect(await ipmi.channelInfo()).toMatchObject({ activeSessions: 1 })
  expect(proxy.packets).toBe(packets + 2 + 12)
  expect(sessionsOpened()).toBe(2)
})

test("a slow BMC sees one request at a time, however many are asked at once", async () => {
  const { machine, port: real } = await bmc()
  const { proxy, port } = await proxied(real, never)
  machine.power = () => systemClock.sleep(20).then(() => "on" as const)
  const ipmi = client(port)
  const asked = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? ipmi.chassisStatus() : ipmi.deviceId()))
  expect(await Promise.all(asked)).toMatchObject(
    Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? { power: "on" } : { ipmi: "2.0" })),
  )
  // Five for the session, and one each.
  expect(proxy.fromClient).toHaveLength(15)
  expect(proxy.mostUnanswered).toBe(1)
})

test.each([0, 1, 2])("every third packet lost (phase %i): everything still succeeds, once", async (phase) => {
  const { machine, port: real } = await bmc()
  const { port } = await proxied(real, (packet) => packet % 3 === phase)
  const ipmi = client(port, {}, { clock: fastClock })
  await ipmi.chassisControl("on")
  await ipmi.setBootDevice({ device: "pxe", persistent: false, efi: false })
  await ipmi.chassisControl("cycle")
  expect(await ipmi.sensors()).toHaveLength(3)
  expect(machine.actions).toEqual(["on", "cycle"])
})

test.each([
  ["a wrong password", { password: new Secret("wrong") }, "BMC_WRONG_PASSWORD"],
  ["an unknown user", { username: "nobody" }, "BMC_USER_UNKNOWN"],
  ["a privilege above the user's", { username: "guest", password: new Secret("guest") }, "BMC_PRIVILEGE"],
] as const)("%s is said so, with the node and without the password", async (_, target, code) => {
  const { port } = await bmc()
  const failure = await client(port, target)
    .chassisStatus()
    .catch((error) => error)
  expect(failure).toMatchObject({ code, node: "rack1-h0" })
  expect(JSON.stringify(failure)).not.toContain(password.reveal())
})

test("a command beyond the session's privilege, and one that the BMC does not know", async () => {
  const { port } = await bmc()
  const guest = client(port, { username: "guest", password: new Secret("guest"), privilege: "user" })
  expect((await guest.chassisStatus()).power).toBe("off")
  await expect(guest.chassisControl("on")).rejects.toMatchObject({ code: "BMC_PRIVILEGE" })
  await expect(client(port).raw(0x2e, 0x01)).rejects.toThrow(/C1h invalid command/)
})

test("a silent BMC: named within the deadline, and an abort ends the wait at once", async () => {
  const silent = createSocket("udp4")
  await new Promise<void>((resolve) => silent.bind(0, "127.0.0.1", resolve))
  endings.push(() => silent.close())
  const { port } = silent.address()
  const failing = client(port, {}, { clock: fastClock, deadlineMs: 5000 }).chassisStatus()
  await expect(failing).rejects.toMatchObject({
    code: "BMC_SILENT",
    message: expect.stringContaining("get channel auth capabilities"),
  })
  const abort = new AbortController()
  const waiting = client(port).chassisStatus({ signal: abort.signal })
  abort.abort(new Error("enough"))
  await expect(waiting).rejects.toThrow("enough")
})

test("a session that the BMC forgot is opened again, once, unseen", async () => {
  const { server, machine, port } = await startServer()
  const ipmi = client(port, {}, { clock: fastClock })
  await ipmi.deviceId()
  await server.close()
  machine.state = "on"
  const again = await bmc({ port, chassis: machine })
  expect((await ipmi.chassisStatus()).power).toBe("on")
  expect(again.port).toBe(port)
})

test("a busy BMC is asked again; one that stays busy is reported", async () => {
  const { machine, port } = await bmc()
  const busy = () => Promise.reject(new BifrostError(ipmiErrors.BMC_BUSY))
  let left = 3
  machine.power = () => (left-- > 0 ? busy() : Promise.resolve("on"))
  const ipmi = client(port, {}, { clock: fastClock })
  expect((await ipmi.chassisStatus()).power).toBe("on")
  machine.power = busy
  await expect(ipmi.chassisStatus()).rejects.toMatchObject({ code: "BMC_BUSY" })
})

test("a machine that fails is a refusal with its completion code", async () => {
  const { machine, port } = await bmc()
  machine.control = () => Promise.reject(new Error("QMP went away"))
  await expect(client(port).chassisControl("on")).rejects.toThrow(/FFh unspecified error/)
})

test("reset, diag, soft and raw reach the machine, and are done once the BMC took them", async () => {
  const { machine, port } = await bmc()
  machine.state = "on"
  const ipmi = client(port)
  for (const action of ["reset", "diag", "soft"] as const) await ipmi.chassisControl(action)
  expect(machine.actions).toEqual(["reset", "diag", "soft"])
  // What needs a running machine: the soft shutdown has ended this one.
  await expect(ipmi.chassisControl("diag")).rejects.toThrow(/D5h/)
  // Chassis Control, power up.
  expect(await ipmi.raw(0x00, 0x02, Buffer.from([1]))).toHaveLength(0)
  expect(machine.actions.at(-1)).toBe("on")
})

test("a change that does not show is an error", async () => {
  const { machine, port } = await bmc()
  machine.control = async () => {}
  const ipmi = client(port, {}, { clock: fastClock })
  await expect(ipmi.chassisControl("on")).rejects.toMatchObject({ code: "BMC_NOT_APPLIED", expected: "power on" })
})

test("the console carries characters both ways, also when every third packet is lost", async () => {
  const { port: real } = await bmc()
  const { port } = await proxied(real, (packet) => packet % 3 === 0)
  const ipmi = client(port, {}, { clock: fastClock })
  const console = await ipmi.sol()
  const other = client(real)
  await expect(other.sol()).rejects.toMatchObject({ code: "BMC_SOL" })
  const text = "the quick brown fox ".repeat(40)
  let seen = ""
  await new Promise<void>((resolve, reject) => {
    console.on("error", reject).on("data", (chunk: Buffer) => {
      seen += chunk.toString("latin1")
      if (seen.length >= "login: ".length + text.length) resolve()
    })
    console.write(text)
  })
  expect(seen).toBe(`login: ${text.toUpperCase()}`)
  await new Promise<void>((resolve) => console.destroy().once("close", resolve))
  const next = await other.sol()
  expect(next.destroyed).toBe(false)
})

test("after close() nothing more is sent", async () => {
  const { port } = await bmc()
  const ipmi = client(port)
  await ipmi.deviceId()
  await ipmi.close()
  await expect(ipmi.deviceId()).rejects.toMatchObject({ code: "BMC_CLIENT_CLOSED" })
})
