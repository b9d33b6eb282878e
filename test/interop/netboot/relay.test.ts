import { once } from "node:events"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { makeWorld, type Served, type World } from "./world.ts"

/** A network behind dnsmasq as DHCP relay, and a server that is sent rubbish. */
let world: World
let served: Served

beforeAll(async () => {
  world = makeWorld()
  served = await world.serve({
    // Room for every machine that the noise makes up.
    range: { from: "172.22.0.10", to: "172.22.0.250" },
    relayed: [{ network: "10.1.0.0/24", range: { from: "10.1.0.50", to: "10.1.0.59" }, router: "10.1.0.1" }],
  })
})
afterAll(async () => {
  await served?.stop()
  world?.destroy()
})

test("udhcpc gets an address through dnsmasq's relay", async () => {
  const relay = world.client()
  const far = `${relay}-far`
  world.ip("netns", "add", far)
  try {
    world.ip("link", "add", "far0", "netns", relay, "type", "veth", "peer", "name", "eth0", "netns", far)
    world.ip("-n", relay, "address", "add", "172.22.0.2/24", "dev", "eth0")
    world.ip("-n", relay, "address", "add", "10.1.0.1/24", "dev", "far0")
    world.ip("-n", relay, "link", "set", "far0", "up")
    world.ip("-n", far, "link", "set", "eth0", "up")
    // Replies go to the relay's address in the far network.
    world.ip("-n", world.hub, "route", "add", "10.1.0.0/24", "via", "172.22.0.2")
    const dnsmasq = world.start(
      ...([relay, "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0"] as const),
      ...["--dhcp-relay=10.1.0.1,172.22.0.1", "--dhcp-leasefile=/dev/null"],
    )
    await once(dnsmasq.stderr!, "data")
    const script = join(world.state, "udhcpc")
    writeFileSync(script, '#!/bin/sh\necho "$1 ip=$ip mask=$subnet router=$router server=$serverid"\n')
    chmodSync(script, 0o755)
    const { output } = await world.run(
      far,
      "udhcpc",
      "-i",
      "eth0",
      "-f",
      "-q",
      "-n",
      "-t",
      "5",
      "-T",
      "2",
      "-s",
      script,
    )
    expect(output).toContain("bound ip=10.1.0.50 mask=255.255.255.0 router=10.1.0.1 server=172.22.0.1")
    const { data } = await served.event("netboot.dhcp", ({ answer }) => answer === "ack")
    expect(data).toMatchObject({ relay: "10.1.0.1", address: "10.1.0.50" })
  } finally {
    world.ip("netns", "delete", far)
  }
})

test("no packet to its ports keeps it from serving", async () => {
  const noisy = world.client("52:54:00:00:00:77")
  world.ip("-n", noisy, "address", "add", "172.22.0.77/24", "dev", "eth0")
  const messages = fc.sample(fc.tuple(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 8 })), 400)
  // Half of them with a header that is right, so that the options are what is tried.
  const bytes = messages.map(([tail, type], index) => {
    if (index % 2 === 0) return Buffer.from(tail)
    const packet = Buffer.alloc(243 + tail.length)
    packet.set([1, 1, 6, 0])
    packet.set([0x52, 0x54, 0, 0, 0, index & 255], 28)
    packet.set([99, 130, 83, 99, 53, 1, type, ...tail], 236)
    return packet
  })
  const sender = join(world.state, "noise.mjs")
  writeFileSync(
    sender,
    `import { createSocket } from "node:dgram"
const socket = createSocket("udp4")
for (const hex of ${JSON.stringify(bytes.map((each) => each.toString("hex")))}) {
  const bytes = Buffer.from(hex, "hex")
  for (const port of [67, 69]) await new Promise((done) => socket.send(bytes, port, "172.22.0.1", done))
}
socket.close()
`,
  )
  expect(await world.run(noisy, process.execPath, sender)).toEqual({ code: 0, output: "" })
  writeFileSync(join(world.state, "boot/after"), "still here")
  const got = await world.run(noisy, "curl", "-sS", "tftp://172.22.0.1/after")
  expect(got).toEqual({ code: 0, output: "still here" })
  const asking = world.client("52:54:00:00:00:78")
  const { code } = await world.run(
    asking,
    "udhcpc",
    "-i",
    "eth0",
    "-f",
    "-q",
    "-n",
    "-t",
    "5",
    "-T",
    "2",
    "-s",
    "/bin/true",
  )
  expect(code).toBe(0)
})
