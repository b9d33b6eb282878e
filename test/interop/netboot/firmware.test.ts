import { once } from "node:events"
import { copyFileSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { makeEfiDisk } from "./efi-disk.ts"
import { bootSector, tinyEfiProgram, tinyKernel } from "./tiny-programs.ts"
import { makeWorld, type Served, type World } from "./world.ts"

/** Real firmware boots from the network: SeaBIOS with iPXE in the card's ROM, and OVMF, whose own PXE loads snponly.efi. */
const MAC = "52:54:00:00:00:31"
const ipxe = "/usr/lib/ipxe"
const ovmf = "/usr/share/OVMF/OVMF"
let world: World
let served: Served
let machine: Machine

beforeAll(async () => {
  world = makeWorld()
  const boot = join(world.state, "boot")
  for (const loader of ["undionly.kpxe", "snponly.efi"]) copyFileSync(`${ipxe}/${loader}`, join(boot, loader))
  writeFileSync(join(boot, "ramdisk.img"), Buffer.alloc(500_000, 7))
  world.ip("-n", world.hub, "tuntap", "add", "tap0", "mode", "tap")
  world.ip("-n", world.hub, "link", "set", "tap0", "master", "prov0", "up")
})
beforeEach(async () => {
  served = await world.serve({
    kernelParameters: ["console=ttyS0"],
    nodes: [{ uuid: "n1", name: "one", mac: MAC, provision_state: "active", extra: { ipv4_address: "172.22.0.31" } }],
  })
})
afterEach(async () => {
  machine?.kill()
  await served?.stop()
})
afterAll(() => world?.destroy())

interface Machine {
  /** Resolves when the serial console has shown the text. */
  shows(text: string): Promise<void>
  /** Pulls the network cable. */
  unplug(): Promise<void>
  kill(): void
}

function powerOn(...args: string[]): Machine {
  const common = [
    "-accel",
    "tcg,thread=multi",
    // With RDRAND: since 2024, OVMF has no network without a source of random numbers.
    "-cpu",
    "max",
    "-m",
    "256",
    "-nodefaults",
    "-nographic",
    "-serial",
    "stdio",
    "-no-reboot",
  ]
  const monitor = join(world.state, "monitor")
  const control = ["-monitor", `unix:${monitor},server=on,wait=off`]
  const net = ["-netdev", "tap,id=net,ifname=tap0,script=no,downscript=no"]
  const qemu = world.start(world.hub, "qemu-system-x86_64", ...common, ...control, ...net, ...args)
  let console = ""
  let ended: string | undefined
  const watchers = new Set<() => void>()
  const heard = (chunk: Buffer) => {
    // Cursor movements and colours of firmware consoles.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins them
    console = (console + chunk.toString("latin1")).replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "")
    for (const watcher of watchers) watcher()
  }
  qemu.stdout?.on("data", heard)
  qemu.stderr?.on("data", heard)
  qemu.once("close", (code) => {
    ended = `QEMU ended (${code})`
    for (const watcher of watchers) watcher()
  })
  return {
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (console.includes(text)) resolve()
          else if (ended) reject(new Error(`${ended}: ${console}`))
        }
        watchers.add(look)
        look()
      }),
    async unplug() {
      const socket = connect(monitor)
      socket.end("set_link net off\n")
      await once(socket.resume(), "close")
    },
    kill: () => void qemu.kill("SIGKILL"),
  }
}

const card = (more = "") => ["-device", `virtio-net-pci,netdev=net,mac=${MAC},bootindex=1${more}`]
const disk = (file: string) => [
  ...["-drive", `if=none,id=disk,format=raw,file=${file}`],
  ...["-device", "virtio-blk-pci,drive=disk,bootindex=2"],
]

describe("BIOS with iPXE in ROM", () => {
  const diskImage = () => {
    const file = join(world.state, "disk.img")
    const bytes = Buffer.alloc(1 << 20)
    bytes.set(bootSector("THE LOCAL DISK RUNS"))
    writeFileSync(file, bytes)
    return file
  }

  test("a machine that is being deployed runs our kernel with our parameters", async () => {
    writeFileSync(join(world.state, "boot/vmlinuz"), tinyKernel("KERNEL RUNS: "))
    await served.change({ uuid: "n1", provision_state: "wait call-back" })
    machine = powerOn(...card(), ...disk(diskImage()))
    await machine.shows(
      "KERNEL RUNS: initrd=ramdisk.img ipa-api-url=http://172.22.0.1:8080 BOOTIF=01-52-54-00-00-00-31",
    )
    expect(await served.event("netboot.ramdisk")).toMatchObject({
      node_uuid: "n1",
      data: { mac: MAC, bytes: 500_000, complete: true, address: "172.22.0.31" },
    })
    // Router advertisements run as well, or this would have said that they do not.
    expect(served.logs).toEqual([])
    const kinds = served.events.filter(({ node_uuid }) => node_uuid === "n1").map(({ kind }) => kind)
    expect([...new Set(kinds)]).toEqual(["netboot.dhcp", "netboot.script", "netboot.kernel", "netboot.ramdisk"])
  })

  test("a machine that is not boots from its disk", async () => {
    machine = powerOn(...card(), ...disk(diskImage()))
    await machine.shows("THE LOCAL DISK RUNS")
    expect(await served.event("netboot.script")).toMatchObject({ data: { boot: "disk", firmware: "bios" } })
  })

  test("a machine whose image is written boots from its disk, whatever its boot order", async () => {
    await served.change({ uuid: "n1", provision_state: "wait call-back", driver_internal_info: { next_boot: "disk" } })
    machine = powerOn(...card(), ...disk(diskImage()))
    await machine.shows("THE LOCAL DISK RUNS")
  })

  test("undionly.kpxe, loaded by TFTP as by a ROM without iPXE, goes the same way", async () => {
    const chain = "dhcp net0 && chain tftp://172.22.0.1/undionly.kpxe"
    machine = powerOn(...card(",romfile="), ...disk(diskImage()), ...["-kernel", `${ipxe}/ipxe.lkrn`, "-append", chain])
    await machine.shows("THE LOCAL DISK RUNS")
    expect(await served.event("netboot.loader")).toMatchObject({ data: { file: "undionly.kpxe", complete: true } })
  })
})

describe("UEFI with its own PXE", () => {
  const firmware = () => {
    const vars = join(world.state, "vars.fd")
    copyFileSync(`${ovmf}_VARS_4M.fd`, vars)
    return [
      ...["-drive", `if=pflash,format=raw,unit=0,readonly=on,file=${ovmf}_CODE_4M.fd`],
      ...["-drive", `if=pflash,format=raw,unit=1,file=${vars}`],
    ]
  }

  test("a machine that is being deployed loads snponly.efi, then kernel and ramdisk, and starts them", async () => {
    writeFileSync(join(world.state, "boot/vmlinuz"), tinyEfiProgram("THE KERNEL RUNS"))
    await served.change({ uuid: "n1", provision_state: "cleaning" })
    machine = powerOn(...firmware(), ...card(",romfile="))
    const loader = await served.event("netboot.loader", ({ complete }) => complete === true)
    expect(loader).toMatchObject({ node_uuid: "n1", data: { file: "snponly.efi", by: "tftp" } })
    const ramdisk = await served.event("netboot.ramdisk")
    expect(ramdisk.data).toMatchObject({ complete: true, bytes: 500_000 })
    expect(served.events.find(({ kind }) => kind === "netboot.script")?.data).toMatchObject({
      boot: "ramdisk",
      firmware: "uefi",
    })
    await machine.shows("THE KERNEL RUNS")
    const order = served.events.map(({ kind, data }) => `${kind} ${data["client"] ?? ""}`.trim())
    expect([...new Set(order)]).toEqual([
      "netboot.dhcp firmware",
      "netboot.loader",
      "netboot.dhcp ipxe",
      "netboot.script",
      "netboot.kernel",
      "netboot.ramdisk",
    ])
  })

  test("a machine that is not goes on in its boot order, and boots from its disk", async () => {
    const onlyIPv4 = ["-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n"]
    const file = join(world.state, "efi.img")
    makeEfiDisk(file, tinyEfiProgram("THE DISK'S LOADER RUNS"))
    machine = powerOn(...firmware(), ...onlyIPv4, ...card(",romfile="), ...disk(file))
    await machine.shows("one boots from its disk")
    // The entries of the card come before the disk's. Those left are its HTTP boots, which try for minutes, but not
    // without a cable.
    await machine.unplug()
    await machine.shows("failed to start Boot")
    expect(await served.event("netboot.script")).toMatchObject({ data: { boot: "disk", firmware: "uefi" } })
    await machine.shows("THE DISK'S LOADER RUNS")
  })
})
