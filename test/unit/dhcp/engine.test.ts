import { beforeEach, describe, expect, test } from "vitest"
import { answer } from "../../../src/dhcp/engine.ts"
import { readAddress } from "../../../src/dhcp/ipv4.ts"
import { code } from "../../../src/dhcp/options.ts"
import type { DhcpPacket } from "../../../src/dhcp/packet.ts"
import { messageType } from "../../../src/dhcp/values.ts"
import { A, ask, B, bytesOf, config, SERVER, type World, world } from "./helpers.ts"

let ports: World
beforeEach(async () => {
  ports = await world({ [B]: "172.22.0.11" })
})

const send = (packet: DhcpPacket) => answer(packet, config, ports)
const offerTo = async (mac: string, options = {}) => (await send(ask("discover", { chaddr: mac }, options)))?.exchange

describe("DISCOVER", () => {
  test("offers an address of the pool by broadcast", async () => {
    const outcome = await send(ask("discover"))
    expect(outcome?.reply).toMatchObject({ address: "255.255.255.255", port: 68 })
    const packet = outcome!.reply!.packet
    expect(packet).toMatchObject({ op: 2, yiaddr: "172.22.0.50", xid: 0x1234, chaddr: A, siaddr: "0.0.0.0" })
    expect(packet.options.get(code.messageType)).toEqual(Uint8Array.of(messageType.offer))
    expect(readAddress(packet.options.get(code.serverIdentifier)!)).toBe(SERVER)
    expect(readAddress(packet.options.get(code.subnetMask)!)).toBe("255.255.255.0")
    expect(Buffer.from(packet.options.get(code.leaseTime)!).readUInt32BE()).toBe(3600)
    expect(packet.options.has(code.router)).toBe(false)
    expect(ports.stored.get("172.22.0.50")).toMatchObject({ mac: A, state: "offered", expires_at: 1_060_000 })
  })

  test("offers the reserved address, and nobody else gets it", async () => {
    expect(await offerTo(B)).toMatchObject({ answer: "offer", address: "172.22.0.11" })
    expect(await offerTo(A, { 50: "172.22.0.11" })).toMatchObject({ answer: "offer", address: "172.22.0.50" })
  })

  test("offers a machine what it had, else what it asks for", async () => {
    expect(await offerTo(A, { 50: "172.22.0.52" })).toMatchObject({ address: "172.22.0.52" })
    expect(await offerTo(A, { 50: "172.22.0.51" })).toMatchObject({ address: "172.22.0.52" })
  })

  test("says so when the pool is used up, and takes the longest unused address once leases expire", async () => {
    const macs = ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:04"]
    for (const mac of macs.slice(0, 3)) {
      await offerTo(mac)
      ports.now += 1000
    }
    expect(await offerTo(macs[3]!)).toMatchObject({ answer: "none", why: "no address is free" })
    ports.now += 61_000
    expect(await offerTo(macs[3]!)).toMatchObject({ answer: "offer", address: "172.22.0.50" })
  })

  test("keeps an address that answers ARP for another machine out of use", async () => {
    ports.present.set("172.22.0.50", "02:00:00:00:00:99").set("172.22.0.51", A)
    expect(await offerTo(A)).toMatchObject({
      answer: "offer",
      address: "172.22.0.51",
      why: "172.22.0.50 is in use by 02:00:00:00:00:99",
    })
    expect(ports.stored.get("172.22.0.50")).toMatchObject({ state: "declined", mac: "02:00:00:00:00:99" })
  })

  test("gives away what was released, though the network still remembers who had it", async () => {
    const lease = { address: "172.22.0.52", client_id: null, hostname: null, state: "released" as const, expires_at: 1 }
    ports = await world({}, [{ ...lease, mac: B }])
    ports.present.set("172.22.0.52", B)
    expect(await offerTo(A, { 50: "172.22.0.52" })).toMatchObject({ answer: "offer", address: "172.22.0.52" })
  })

  test("asks again soon whether the owner of an expired lease is really still there", async () => {
    const lease = { address: "172.22.0.52", client_id: null, hostname: null, state: "bound" as const, expires_at: 1 }
    ports = await world({}, [{ ...lease, mac: B }])
    ports.present.set("172.22.0.52", B)
    expect(await offerTo(A, { 50: "172.22.0.52" })).toMatchObject({ address: "172.22.0.50" })
    expect(ports.stored.get("172.22.0.52")).toMatchObject({ state: "declined", mac: B, expires_at: 1_010_000 })
    ports.now += 10_000
    expect(await offerTo("02:00:00:00:00:01", { 50: "172.22.0.52" })).toMatchObject({ address: "172.22.0.51" })
    // It did answer: now it is as anybody else who uses an address that is not its own.
    expect(ports.stored.get("172.22.0.52")).toMatchObject({ expires_at: 1_610_000 })
  })

  test("two machines that ask together get two addresses", async () => {
    const both = await Promise.all([offerTo(A), offerTo("02:00:00:00:00:01")])
    expect(new Set(both.map((exchange) => exchange?.address)).size).toBe(2)
  })
})

describe("PXE", () => {
  const pxe = {
    60: bytesOf("PXEClient:Arch:00000:UNDI:002001"),
    97: new Uint8Array(17).fill(7, 1),
    55: Uint8Array.of(66),
  }

  test("firmware gets the boot file in header and options, and is told not to look for boot servers", async () => {
    const { packet } = (await send(ask("discover", {}, pxe)))!.reply!
    expect(packet).toMatchObject({ siaddr: SERVER, file: "undionly.kpxe" })
    expect(Buffer.from(packet.options.get(66)!).toString()).toBe(SERVER)
    expect(packet.options.has(67)).toBe(false)
    expect(Buffer.from(packet.options.get(60)!).toString()).toBe("PXEClient")
    expect([...packet.options.get(43)!]).toEqual([6, 1, 8, 255])
    expect(packet.options.get(97)).toEqual(pxe[97])
    expect(packet.options.has(175)).toBe(false)
  })

  test("firmware gets what it said about its machine back: its UUID always, the rest when it asks", async () => {
    const said = { ...pxe, 93: Uint8Array.of(0, 7), 94: Uint8Array.of(1, 3, 16) }
    const { packet } = (await send(ask("discover", {}, said)))!.reply!
    expect([93, 94, 97].filter((option) => packet.options.has(option))).toEqual([97])
    const { packet: asked } = (await send(ask("discover", {}, { ...said, 55: Uint8Array.of(93, 94) })))!.reply!
    for (const option of [93, 94, 97] as const) expect(asked.options.get(option)).toEqual(said[option])
  })

  test("iPXE gets option 175 instead, and a URL too long for the header in option 67", async () => {
    const file = `http://172.22.0.1:8080/boot.ipxe?${"x".repeat(120)}`
    ports = Object.assign(ports, { bootFile: async () => ({ server: SERVER, file }) })
    const { packet } = (await send(ask("discover", {}, { 77: bytesOf("iPXE"), ...pxe })))!.reply!
    expect(packet.file).toBe("")
    expect(Buffer.from(packet.options.get(67)!).toString()).toBe(file)
    expect([...packet.options.get(175)!]).toEqual([0xb0, 1, 1])
    expect(packet.options.has(43)).toBe(false)
  })
})

describe("REQUEST", () => {
  const selecting = (address: string, server = SERVER, mac = A) =>
    send(ask("request", { chaddr: mac }, { 50: address, 54: server, 61: bytesOf("id"), 12: bytesOf("ho\x1b[st") }))

  test("binds what was offered", async () => {
    await offerTo(A)
    const outcome = await selecting("172.22.0.50")
    expect(outcome?.exchange).toMatchObject({ answer: "ack", address: "172.22.0.50" })
    expect(outcome?.reply?.packet.options.get(code.clientIdentifier)).toEqual(bytesOf("id"))
    expect(ports.stored.get("172.22.0.50")).toEqual({
      address: "172.22.0.50",
      mac: A,
      client_id: "6964",
      hostname: "host",
      state: "bound",
      expires_at: 4_600_000,
    })
  })

  test("is silent to a client of another server, and frees its offer", async () => {
    await offerTo(A)
    const outcome = await selecting("172.22.0.50", "172.22.0.2")
    expect(outcome).toMatchObject({ reply: undefined, exchange: { answer: "none" } })
    expect(await offerTo("02:00:00:00:00:01")).toMatchObject({ address: "172.22.0.51" })
    expect(ports.stored.get("172.22.0.50")?.state).toBe("released")
  })

  test.each([
    ["another network", "192.168.1.5", "the address is not on this network"],
    ["another's reservation", "172.22.0.11", "the address belongs to another machine"],
    ["never offered", "172.22.0.51", "the address was not offered to it"],
    ["the server's own", SERVER, "the address belongs to another machine"],
  ])("NAKs an address of %s by broadcast", async (_name, address, why) => {
    const outcome = await send(ask("request", {}, { 50: address }))
    expect(outcome?.exchange).toMatchObject({ answer: "nak", why })
    expect(outcome?.reply).toMatchObject({ address: "255.255.255.255", port: 68, packet: { yiaddr: "0.0.0.0" } })
  })

  test("moves a machine to its reservation when it reboots with another address", async () => {
    ports = await world({ [B]: "172.22.0.11" }, [
      { address: "172.22.0.50", mac: B, client_id: null, hostname: null, state: "bound", expires_at: 9_000_000 },
    ])
    const outcome = await send(ask("request", { chaddr: B }, { 50: "172.22.0.50" }))
    expect(outcome?.exchange).toMatchObject({ answer: "nak", why: "172.22.0.11 is reserved for it" })
  })

  test("renews by unicast, also when the lease was forgotten but the address is free", async () => {
    const outcome = await send(ask("request", { ciaddr: "172.22.0.51" }))
    expect(outcome?.exchange.answer).toBe("ack")
    expect(outcome?.reply).toMatchObject({ address: "172.22.0.51", port: 68 })
  })

  test("leases survive a restart", async () => {
    await offerTo(A)
    await selecting("172.22.0.50")
    ports = await world({}, [...ports.stored.values()])
    expect((await send(ask("request", {}, { 50: "172.22.0.50" })))?.exchange.answer).toBe("ack")
    expect((await send(ask("request", { chaddr: B }, { 50: "172.22.0.50" })))?.exchange.answer).toBe("nak")
  })
})

describe("the rest", () => {
  test("RELEASE frees the lease of its owner only", async () => {
    await offerTo(A)
    await send(ask("request", {}, { 50: "172.22.0.50", 54: SERVER }))
    await send(ask("release", { chaddr: B, ciaddr: "172.22.0.50" }))
    expect(ports.stored.get("172.22.0.50")?.state).toBe("bound")
    const outcome = await send(ask("release", { ciaddr: "172.22.0.50" }))
    expect(outcome?.reply).toBeUndefined()
    expect(ports.stored.get("172.22.0.50")?.state).toBe("released")
  })

  test("DECLINE rests the address for ten minutes", async () => {
    await offerTo(A)
    await send(ask("decline", {}, { 50: "172.22.0.50", 54: SERVER }))
    expect(await offerTo(A, { 50: "172.22.0.50" })).toMatchObject({ address: "172.22.0.51" })
    ports.now += 600_001
    expect(await offerTo("02:00:00:00:00:01", { 50: "172.22.0.50" })).toMatchObject({ address: "172.22.0.50" })
  })

  test("INFORM is answered without an address or a lease", async () => {
    const outcome = await send(ask("inform", { ciaddr: "172.22.0.200" }))
    expect(outcome?.reply).toMatchObject({ address: "172.22.0.200", port: 68, packet: { yiaddr: "0.0.0.0" } })
    expect(outcome?.reply?.packet.options.has(code.leaseTime)).toBe(false)
    expect(ports.stored.size).toBe(0)
  })

  test("a relay's network is served through the relay, its option 82 echoed", async () => {
    const outcome = await send(ask("discover", { giaddr: "10.1.0.1", hops: 1 }, { 82: bytesOf("circuit") }))
    expect(outcome?.reply).toMatchObject({ address: "10.1.0.1", port: 67 })
    const { packet } = outcome!.reply!
    expect(packet).toMatchObject({ yiaddr: "10.1.0.50", giaddr: "10.1.0.1" })
    expect(readAddress(packet.options.get(code.router)!)).toBe("10.1.0.1")
    expect(packet.options.get(82)).toEqual(bytesOf("circuit"))
    const refused = await send(ask("request", { giaddr: "10.1.0.1" }, { 50: "172.22.0.50" }))
    expect(refused?.reply).toMatchObject({ address: "10.1.0.1", port: 67, packet: { broadcast: true } })
  })

  test.each([
    ["an unknown relay", ask("discover", { giaddr: "10.9.0.1" })],
    ["a renewal from a foreign network", ask("request", { ciaddr: "8.8.8.8" })],
  ])("%s gets no answer", async (_name, packet) => {
    expect(await send(packet)).toMatchObject({
      reply: undefined,
      exchange: { why: "from a network that is not served here" },
    })
  })

  test.each([
    ["a reply", ask("offer", { op: 2 })],
    ["InfiniBand", ask("discover", { htype: 32 })],
    ["BOOTP", { ...ask("discover"), options: new Map() }],
  ])("%s is not for us", async (_name, packet) => {
    expect(await send(packet)).toBeUndefined()
  })
})
