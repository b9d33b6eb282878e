import { randomBytes } from "node:crypto"
import { chmodSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { loseTenth } from "./loss.ts"
import { deployed, makeWorld, type Served, type World } from "./world.ts"

/** DHCP, TFTP and HTTP as clients see them that nobody here wrote: udhcpc, tftp-hpa, curl. */
const KNOWN = "52:54:00:00:00:11"
let world: World
let served: Served
let known: string
let stranger: string
const loader = randomBytes(300_001)
/** More blocks of 8 bytes than 16 bits count. */
const long = randomBytes(65_540 * 8 + 5)
const image = randomBytes(3_000_000)

beforeAll(async () => {
  world = makeWorld()
  known = world.client(KNOWN)
  stranger = world.client("52:54:00:00:00:99")
  writeFileSync(join(world.state, "boot/snponly.efi"), loader)
  writeFileSync(join(world.state, "boot/long"), long)
  writeFileSync(join(world.state, "images/debian-13.raw.zst"), image)
  const script = join(world.state, "udhcpc")
  writeFileSync(
    script,
    `#!/bin/sh\necho "$1 ip=$ip mask=$subnet server=$serverid boot=$boot_file lease=$lease"\n
[ "$1" = bound ] && /bin/ip address replace "$ip/$mask" dev "$interface"\nexit 0\n`,
  )
  chmodSync(script, 0o755)
  served = await world.serve({
    nodes: [deployed(KNOWN)],
  })
})
afterAll(async () => {
  await served?.stop()
  world?.destroy()
})

const udhcpc = (namespace: string, ...args: string[]) =>
  world.run(
    namespace,
    "udhcpc",
    "-i",
    "eth0",
    "-f",
    "-q",
    "-n",
    "-t",
    "4",
    "-T",
    "2",
    "-s",
    join(world.state, "udhcpc"),
    ...args,
  )

describe("udhcpc", () => {
  test("gets the reserved address, and nothing to boot: it does not boot", async () => {
    const { code, output } = await udhcpc(known)
    expect(output).toContain("bound ip=172.22.0.11 mask=255.255.255.0 server=172.22.0.1 boot= lease=3600")
    expect(code).toBe(0)
    const event = await served.event("netboot.dhcp", ({ answer }) => answer === "ack")
    expect(event).toMatchObject({ node_uuid: "n1", data: { mac: KNOWN, address: "172.22.0.11", client: "system" } })
  })

  test("as PXE firmware of an enrolled machine gets the loader of its kind", async () => {
    const { output } = await udhcpc(known, "-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "0x5d:0007")
    expect(output).toContain("bound ip=172.22.0.11")
    expect(output).toContain("boot=snponly.efi")
  })

  test("as iPXE gets the address of its script", async () => {
    const { output } = await udhcpc(known, "-V", "PXEClient", "-x", "0x5d:0007", "-x", "0x4d:69505845")
    expect(output).toContain("boot=http://172.22.0.1:8080/boot.ipxe?mac=52-54-00-00-00-11&firmware=uefi&arch=x86_64")
  })

  test("a machine that nobody enrolled gets an address of the pool, and nothing to boot", async () => {
    const { output } = await udhcpc(stranger, "-V", "PXEClient:Arch:00000", "-x", "0x5d:0000")
    expect(output).toMatch(/bound ip=172\.22\.0\.5\d .* boot= /)
  })

  test("asks for another's reserved address and gets one of the pool", async () => {
    const { output } = await udhcpc(stranger, "-r", "172.22.0.11")
    expect(output).toMatch(/bound ip=172\.22\.0\.5\d /)
  })

  test("an address that another machine uses is not given away", async () => {
    const squatter = world.client()
    world.ip("-n", squatter, "address", "add", "172.22.0.58/24", "dev", "eth0")
    const asking = world.client("52:54:00:00:00:58")
    const { output } = await udhcpc(asking, "-r", "172.22.0.58")
    expect(output).toMatch(/bound ip=172\.22\.0\.5[0-79] /)
  })

  test("another network of the same machine hears nothing", async () => {
    const other = `${world.hub}-x`
    world.ip("netns", "add", other)
    try {
      world.ip("link", "add", "other0", "netns", world.hub, "type", "veth", "peer", "name", "eth0", "netns", other)
      world.ip("-n", world.hub, "address", "add", "10.9.9.1/24", "dev", "other0")
      world.ip("-n", world.hub, "link", "set", "other0", "up")
      world.ip("-n", other, "link", "set", "eth0", "up")
      const { code, output } = await udhcpc(other, "-T", "1")
      expect(output).toContain("no lease")
      expect(code).not.toBe(0)
    } finally {
      world.ip("netns", "delete", other)
    }
  })
})

describe("TFTP", () => {
  beforeAll(() => udhcpc(known))
  const target = () => join(world.state, `got-${randomBytes(4).toString("hex")}`)

  test("tftp-hpa reads a loader", async () => {
    const to = target()
    const { output } = await world.run(known, "tftp", "-m", "binary", "172.22.0.1", "-c", "get", "/snponly.efi", to)
    expect(output).toBe("")
    expect(readFileSync(to).equals(loader)).toBe(true)
    const event = await served.event("netboot.loader", ({ complete }) => complete === true)
    expect(event).toMatchObject({ node_uuid: "n1", data: { bytes: loader.length, by: "tftp" } })
  })

  test.each([["512"], ["1468"], ["8192"]])("curl reads with blocks of %s", async (size) => {
    const to = target()
    const { code } = await world.run(
      known,
      "curl",
      "-sS",
      "--tftp-blksize",
      size,
      "-o",
      to,
      "tftp://172.22.0.1/snponly.efi",
    )
    expect(code).toBe(0)
    expect(readFileSync(to).equals(loader)).toBe(true)
  })

  test("curl reads past block 65535", async () => {
    const to = target()
    const { output } = await world.run(known, "curl", "-sS", "--tftp-blksize", "8", "-o", to, "tftp://172.22.0.1/long")
    expect(output).toBe("")
    expect(readFileSync(to).equals(long)).toBe(true)
  })

  test("tftp-hpa may not write, nor read outside", async () => {
    const from = join(world.state, "udhcpc")
    const put = await world.run(known, "tftp", "-m", "binary", "172.22.0.1", "-c", "put", from, "/x")
    expect(put.output).toContain("this server is read-only")
    const get = await world.run(known, "tftp", "-m", "binary", "172.22.0.1", "-c", "get", "../udhcpc", target())
    expect(get.output).toContain("no such file")
  })
})

describe("HTTP", () => {
  test("curl gets the script, and it is told under the node", async () => {
    const { output } = await world.run(known, "curl", "-sS", "http://172.22.0.1:8080//boot.ipxe?mac=52-54-00-00-00-11")
    expect(output).toMatch(/^#!ipxe\necho bifrost: one starts the deploy ramdisk\n/)
    expect(await served.event("netboot.script")).toMatchObject({ node_uuid: "n1", data: { boot: "ramdisk" } })
  })

  test("curl resumes an image where it broke off", async () => {
    const to = join(world.state, "part")
    writeFileSync(to, image.subarray(0, 1_000_000))
    const url = "http://172.22.0.1:8080/images/debian-13.raw.zst"
    const { output } = await world.run(known, "curl", "-sS", "-C", "-", "-o", to, url)
    expect(output).toBe("")
    expect(readFileSync(to).equals(image)).toBe(true)
    expect(await served.event("netboot.image")).toMatchObject({
      node_uuid: "n1",
      data: { mac: KNOWN, bytes: 2_000_000, size: 3_000_000, complete: true },
    })
  })
})

describe("a line that loses a tenth of all packets, both ways", () => {
  let restore: (() => Promise<void>) | undefined
  const short = loader.subarray(0, 50_000)
  const got = () => join(world.state, `lossy-${randomBytes(4).toString("hex")}`)
  beforeAll(async () => {
    await udhcpc(known)
    writeFileSync(join(world.state, "boot/short"), short)
    writeFileSync(join(world.state, "boot/windowed"), loader.subarray(0, 150_000))
    writeFileSync(join(world.state, "images/lossy.raw.zst"), image.subarray(0, 1_000_000))
    restore = await loseTenth(world, known)
  })
  afterAll(() => restore?.())

  test("udhcpc gets its address, however often it has to ask", async () => {
    for (let time = 0; time < 4; time++) {
      const { output } = await udhcpc(known, "-t", "20", "-T", "1")
      expect(output).toContain("bound ip=172.22.0.11")
    }
  })

  test("tftp-hpa reads the whole file, block by block", async () => {
    const to = got()
    const { output } = await world.run(known, "tftp", "-m", "binary", "172.22.0.1", "-c", "get", "short", to)
    expect(output).toBe("")
    expect(readFileSync(to).equals(short)).toBe(true)
    // The last acknowledgement may be among the lost, and a client does not repeat it (RFC 1350 §6): complete or not.
    const { ms } = (await served.event("netboot.loader", ({ file }) => file === "short")).data
    expect(ms).toBeGreaterThan(300)
  })

  test("atftp reads the whole file in windows", async () => {
    const to = got()
    const options = ["windowsize 8", "blksize 1468"].flatMap((option) => ["--option", option])
    const args = ["--tftp-timeout", "1", ...options, "-g", "-r", "windowed", "-l", to, "172.22.0.1"]
    const { code, output } = await world.run(known, "atftp", ...args)
    expect({ code, output }).toEqual({ code: 0, output: expect.any(String) })
    expect(readFileSync(to).equals(loader.subarray(0, 150_000))).toBe(true)
  })

  test("curl gets a whole image by HTTP", async () => {
    const to = got()
    const url = "http://172.22.0.1:8080/images/lossy.raw.zst"
    const { output } = await world.run(known, "curl", "-sS", "-o", to, url)
    expect(output).toBe("")
    expect(readFileSync(to).equals(image.subarray(0, 1_000_000))).toBe(true)
  })
})

describe("a second server", () => {
  test("is told that the port is taken", async () => {
    await expect(world.serve()).rejects.toMatchObject({ code: "TFTP_PORT_TAKEN" })
  })

  test("is told that DHCP is taken, here by dnsmasq", async () => {
    const elsewhere = makeWorld()
    try {
      const args = [
        "--no-daemon",
        "--conf-file=/dev/null",
        "--port=0",
        "--dhcp-range=172.22.0.50,172.22.0.60",
        "--dhcp-leasefile=/dev/null",
      ]
      const dnsmasq = elsewhere.start(elsewhere.hub, "dnsmasq", ...args)
      await new Promise<void>((resolve) => dnsmasq.stderr?.on("data", (text) => /started/.test(text) && resolve()))
      await expect(elsewhere.serve()).rejects.toMatchObject({ code: "DHCP_PORT_TAKEN" })
    } finally {
      elsewhere.destroy()
    }
  })

  test("is told which interface or address is missing", async () => {
    await expect(world.serve({ interface: "prov9" })).rejects.toMatchObject({ code: "NETBOOT_INTERFACE_ABSENT" })
    await expect(world.serve({ address: "172.22.0.2" })).rejects.toMatchObject({ code: "NETBOOT_ADDRESS_ABSENT" })
    const range = { from: "10.0.0.1", to: "10.0.0.9" }
    await expect(world.serve({ range })).rejects.toMatchObject({ code: "NETBOOT_RANGE_INVALID" })
  })
})
