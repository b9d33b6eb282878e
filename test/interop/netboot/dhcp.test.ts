import { once } from "node:events"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { dhcp, dhcpMessage, octets, openWire, readDhcpReply, type Wire } from "./wire.ts"
import { deployed, makeWorld, type Served, type World } from "./world.ts"

/**
 * What RFC 2131 asks of a server beyond giving addresses, and the options of a boot as they arrive: udhcpc shows them raw,
 * and where it cannot say what has to be said (a relay, a reboot with a lease, INFORM), a datagram does.
 */
const KNOWN = "52:54:00:00:00:11"
const SERVER = "172.22.0.1"
/** Given from its start; what the tests wish for lies behind. */
const range = { from: "172.22.0.50", to: "172.22.0.99" }
const unasked = /^172\.22\.0\.5\d$/
let world: World
let served: Served
let known: string

beforeAll(async () => {
  world = makeWorld()
  known = world.client(KNOWN)
  const script = join(world.state, "udhcpc")
  // The address is the machine's for as long as it has the lease, as in a real one.
  writeFileSync(
    script,
    `#!/bin/sh
case "$1" in
bound) /bin/ip address replace "$ip/$mask" dev "$interface" ;;
deconfig | nak) /bin/ip address flush dev "$interface" scope global ;;
esac
echo "$1 ip=$ip"
[ "$1" != bound ] || env
`,
  )
  chmodSync(script, 0o755)
  served = await world.serve({
    keeps: true,
    range,
    nodes: [deployed(KNOWN)],
  })
})
afterAll(async () => {
  await served?.stop()
  world?.destroy()
})

const common = () => ["-i", "eth0", "-f", "-t", "4", "-T", "1", "-s", join(world.state, "udhcpc")]
const udhcpc = async (namespace: string, ...args: string[]) =>
  (await world.run(namespace, "udhcpc", ...common(), "-q", "-n", ...args)).output
/** One that goes on, and what its script says. */
function start(namespace: string, ...args: string[]) {
  const child = world.start(namespace, "udhcpc", ...common(), ...args)
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const says = async (text: string): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`udhcpc ended before it said "${text}"`)
      if (value.startsWith(text)) return value
    }
  }
  return { child, says }
}
const bound = (output: string) => /^bound ip=(.*)$/m.exec(output)?.[1]

/** What concerns a boot, as udhcpc tells its script: options that it has no name for are raw. */
const bootOptions = (output: string) =>
  Object.fromEntries(
    [...output.matchAll(/^(opt(?:43|60|66|67|82|93|94|97|175)|vendor|tftp|bootfile|boot_file|siaddr)=(.*)$/gm)].map(
      ([, name, value]) => [name, value],
    ),
  )

describe("options of a boot", () => {
  const uuid = "0034567812345678123456781234567812"
  const firmware = [
    ...["-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "0x5d:0007", "-x", "0x5e:010310", "-x", `0x61:${uuid}`],
  ]

  test("firmware gets those it asks for", async () => {
    const asked = [43, 60, 66, 67, 93, 94, 97].flatMap((option) => ["-O", String(option)])
    expect(bootOptions(await udhcpc(known, ...firmware, ...asked))).toEqual({
      siaddr: SERVER,
      boot_file: "snponly.efi",
      opt43: "060108ff",
      vendor: "PXEClient",
      tftp: SERVER,
      bootfile: "snponly.efi",
      opt93: "0007",
      opt94: "010310",
      opt97: uuid,
    })
  })

  test("firmware that asks for none gets those without which it would not boot", async () => {
    expect(bootOptions(await udhcpc(known, "-o", ...firmware))).toEqual({
      siaddr: SERVER,
      boot_file: "snponly.efi",
      opt43: "060108ff",
      vendor: "PXEClient",
      opt97: uuid,
    })
  })

  test("iPXE is told not to wait for another server, and nothing of firmware's", async () => {
    const url = `http://${SERVER}:8080/boot.ipxe?mac=52-54-00-00-00-11&firmware=uefi&arch=x86_64&uuid=34567812-3456-7812-3456-781234567812`
    const output = await udhcpc(known, ...firmware, "-x", "0x4d:69505845", "-x", "0xaf:130101", "-O", "67")
    expect(bootOptions(output)).toEqual({ siaddr: SERVER, boot_file: url, bootfile: url, opt175: "b00101" })
  })

  test("an iPXE without HTTP in a card's ROM gets the loader that replaces it", async () => {
    const output = await udhcpc(known, ...firmware, "-x", "0x4d:69505845", "-x", "0xaf:140101")
    expect(bootOptions(output)).toMatchObject({ boot_file: "snponly.efi", opt175: "b00101" })
  })

  test("a system that runs gets none of them", async () => {
    expect(bootOptions(await udhcpc(known, "-O", "66", "-O", "67", "-O", "97", "-x", `0x61:${uuid}`))).toEqual({})
  })
})

describe("a relay", () => {
  const RELAY = "172.22.0.2"
  const circuit = [1, 4, ...Buffer.from("eth7"), 2, 3, 9, 8, 7]
  const echo = `82 ${Buffer.from(circuit).toString("hex")}`
  let relay: Wire

  beforeAll(async () => {
    const namespace = world.client()
    world.ip("-n", namespace, "address", "add", `${RELAY}/24`, "dev", "eth0")
    relay = await openWire(world, namespace, RELAY, 67)
  })
  afterAll(() => relay?.close())

  const ask = async (type: number, ...options: [number, number[]][]) => {
    const message = dhcpMessage(type, { mac: "52:54:00:00:00:21", giaddr: RELAY }, [[82, circuit], ...options])
    relay.send(message, { address: SERVER, port: 67 })
    const { address, port, bytes } = await relay.next()
    expect({ address, port }).toEqual({ address: SERVER, port: 67 })
    return readDhcpReply(bytes)
  }

  test("gets its option 82 back, as it was and behind all others, in each kind of reply", async () => {
    const offer = await ask(dhcp.discover)
    expect(offer).toMatchObject({ op: 2, giaddr: RELAY, mac: "525400000021" })
    expect(offer.options[0]).toBe("53 02")
    expect(offer.options.at(-1)).toBe(echo)
    const ack = await ask(dhcp.request, [50, octets(offer.yiaddr)], [54, octets(SERVER)])
    expect(ack).toMatchObject({ yiaddr: offer.yiaddr })
    expect(ack.options[0]).toBe("53 05")
    expect(ack.options.at(-1)).toBe(echo)
    const nak = await ask(dhcp.request, [50, octets("192.168.7.7")])
    expect(nak.options[0]).toBe("53 06")
    expect(nak.options.at(-1)).toBe(echo)
  })
})

describe("leases", () => {
  test("what a machine releases is given to the next", async () => {
    const [owner, early, next] = [world.client(), world.client(), world.client()]
    const wish = ["-r", "172.22.0.75"]
    // Only one that goes on sends a release: with -q it ends before it has a lease to give back.
    const { child, says } = start(owner, ...wish, "-R")
    expect(await says("bound")).toBe("bound ip=172.22.0.75")
    expect(bound(await udhcpc(early, ...wish))).toMatch(unasked)
    const ended = once(child, "close")
    child.kill("SIGTERM")
    await ended
    expect(bound(await udhcpc(next, ...wish))).toBe("172.22.0.75")
  })

  test("a machine that finds its address in use declines it, and nobody is given it", async () => {
    const [machine, squatter, other] = [world.client(), world.client(), world.client()]
    const wish = ["-r", "172.22.0.76"]
    expect(bound(await udhcpc(machine, ...wish))).toBe("172.22.0.76")
    world.ip("-n", machine, "address", "flush", "dev", "eth0", "scope", "global")
    // It appears while the lease stands, so the server does not ask the network again: the machine alone can notice.
    world.ip("-n", squatter, "address", "add", "172.22.0.76/24", "dev", "eth0")
    const output = (await world.run(machine, "udhcpc", ...common(), "-q", "-a300", "-A", "1")).output
    expect(output).toMatch(/declining/)
    expect(bound(output)).toMatch(unasked)
    // With the squatter gone nothing but the server's memory of it keeps the address back.
    world.ip("-n", squatter, "address", "flush", "dev", "eth0", "scope", "global")
    expect(bound(await udhcpc(other, ...wish))).toMatch(unasked)
  })

  test("a machine with an address of its own is informed by unicast, and given no lease", async () => {
    const MAC = "52:54:00:00:00:22"
    const machine = world.client(MAC)
    world.ip("-n", machine, "address", "add", "172.22.0.200/24", "dev", "eth0")
    const wire = await openWire(world, machine, "172.22.0.200", 68)
    wire.send(dhcpMessage(dhcp.inform, { mac: MAC, ciaddr: "172.22.0.200" }, []), { address: SERVER, port: 67 })
    const { address, bytes } = await wire.next()
    await wire.close()
    expect(address).toBe(SERVER)
    const reply = readDhcpReply(bytes)
    expect(reply).toMatchObject({ op: 2, ciaddr: "172.22.0.200", yiaddr: "0.0.0.0", mac: "525400000022" })
    // Type, server and the network's own facts; no lease time (51) and none of its parts (58, 59).
    expect(reply.options).toEqual(["53 05", "54 ac160001", "1 ffffff00", "28 ac1600ff"])
  })

  test("a machine that reboots with an address of elsewhere, or one it was never given, is told to start over", async () => {
    const MAC = "52:54:00:00:00:23"
    const machine = world.client(MAC)
    // Like a machine without an address: it sends from 0.0.0.0 and hears broadcasts alone.
    world.ip("-n", machine, "route", "add", "255.255.255.255/32", "dev", "eth0")
    const wire = await openWire(world, machine, "0.0.0.0", 68)
    const reboot = async (with_: string) => {
      const message = dhcpMessage(dhcp.request, { mac: MAC }, [[50, octets(with_)]])
      wire.send(message, { address: "255.255.255.255", port: 67 })
      return readDhcpReply((await wire.next()).bytes)
    }
    for (const address of ["192.168.7.7", "172.22.0.99"]) {
      const reply = await reboot(address)
      expect(reply).toMatchObject({ op: 2, yiaddr: "0.0.0.0", mac: "525400000023" })
      expect(reply.options.slice(0, 2)).toEqual(["53 06", "54 ac160001"])
      await served.event("netboot.dhcp", (data) => data["mac"] === MAC && data["address"] === address)
    }
    await wire.close()
    expect(bound(await udhcpc(machine))).toMatch(unasked)
  })

  test("udhcpc that renews what has become another's reservation hears the refusal and gets another address", async () => {
    const machine = world.client()
    const { child, says } = start(machine, "-r", "172.22.0.77")
    expect(await says("bound")).toBe("bound ip=172.22.0.77")
    await served.change({ uuid: "n1", extra: { ipv4_address: "172.22.0.77" } })
    child.kill("SIGUSR1")
    await says("nak")
    expect(await says("bound")).toMatch(/^bound ip=172\.22\.0\.5\d$/)
    child.kill("SIGTERM")
    await served.change({ uuid: "n1", extra: { ipv4_address: "172.22.0.11" } })
  })

  test("they survive a restart of the server", async () => {
    const [machine, other] = [world.client(), world.client()]
    expect(bound(await udhcpc(machine, "-r", "172.22.0.78"))).toBe("172.22.0.78")
    // It is off while the server is: nobody answers for the address.
    world.ip("-n", machine, "address", "flush", "dev", "eth0", "scope", "global")
    await served.stop()
    served = await world.serve({ keeps: true, range })
    expect(bound(await udhcpc(other, "-r", "172.22.0.78"))).toMatch(unasked)
    expect(bound(await udhcpc(machine))).toBe("172.22.0.78")
    expect(bound(await udhcpc(known))).toBe("172.22.0.11")
  })
})
