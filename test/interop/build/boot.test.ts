import { copyFile, mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import { type AddressInfo, createServer as createTcpServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from "vitest"
import { debian13 } from "../../../images/os/debian-13/image.ts"
import type { CommandResult, Inventory } from "../../../src/agent/protocol.ts"
import type { BuildContext } from "../../../src/build/kinds.ts"
import { obtainOsImage } from "../../../src/build/os/kind.ts"
import { obtainRamdisk } from "../../../src/build/ramdisk/kind.ts"
import { pathsFrom } from "../../../src/util/paths.ts"
import { run } from "../../../src/util/run.ts"
import { FakeService, TOKEN } from "../agent/machine.ts"
import { startMachine, type TestMachine } from "./machine.ts"

const context: BuildContext = { paths: pathsFrom(process.env), refresh: false, progress: () => {} }
const minutes = 60_000
const mac = "52:54:00:12:34:56"
const machines: TestMachine[] = []

function boot(name: string, args: readonly string[]): TestMachine {
  const machine = startMachine(args)
  machines.push(machine)
  onTestFailed(() => machine.keepLog(name))
  return machine
}

afterEach(async () => {
  for (const machine of machines.splice(0)) await machine.stop()
})

/** Cards and disks of servers, as far as this QEMU has them: device → the driver that the deploy ramdisk brings. */
const cards = { "virtio-net-pci": "virtio_net", e1000e: "e1000e", igb: "igb" }
const disks = {
  "virtio-blk": ["-device", "virtio-blk-pci,drive=virtio-blk,serial=virtio-blk"],
  nvme: ["-device", "nvme,drive=nvme,serial=nvme"],
  ahci: ["-device", "ich9-ahci,id=sata", "-device", "ide-hd,bus=sata.0,drive=ahci,serial=ahci"],
  megasas: ["-device", "megasas,id=raid", "-device", "scsi-hd,bus=raid.0,drive=megasas,serial=megasas"],
}

describe("the deploy ramdisk", () => {
  let dir: string
  let service: FakeService

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "bifrost-ramdisk-"))
    service = await new FakeService().start()
  })
  afterAll(async () => {
    await service.stop()
    await rm(dir, { recursive: true, force: true })
  })

  it("brings a machine with 1 GB of memory and many kinds of cards and disks to the agent", {
    timeout: 15 * minutes,
  }, async () => {
    const built = (await obtainRamdisk("src/agent/main.ts", context)).dir
    const api = service.url.replace("127.0.0.1", "10.0.2.2")
    const parameters = `console=tty0 console=ttyS0,115200 quiet BOOTIF=01-${mac.replaceAll(":", "-")} ipa-api-url=${api}`
    const known = (await run("qemu-system-x86_64", ["-device", "help"])).stdout
    const fitted = Object.entries(cards).filter(([device]) => known.includes(`name "${device}"`))
    const macs = fitted.map((_, index) => mac.replace(/..$/, String(56 + index)))
    const port = await freePort()
    const diskArgs = await Promise.all(
      Object.entries(disks).map(async ([name, device]) => {
        const file = join(dir, name)
        await writeFile(file, "")
        await truncate(file, 64 * 2 ** 20)
        return ["-drive", `if=none,id=${name},format=raw,file=${file}`, ...device]
      }),
    )
    const machine = boot("ramdisk", [
      ...["-machine", "q35", "-m", "1024"],
      ...["-kernel", join(built, "vmlinuz"), "-initrd", join(built, "ramdisk.img"), "-append", parameters],
      ...fitted.flatMap(([device], index) => [
        ...["-netdev", `user,id=net${index}${index === 0 ? `,hostfwd=tcp:127.0.0.1:${port}-:9999` : ""}`],
        ...["-device", `${device},netdev=net${index},mac=${macs[index]},romfile=`],
      ]),
      ...diskArgs.flat(),
    ])
    expect((await machine.saw(/network up: \S+ (\S+)\s/, 3 * minutes))[1]).toBe("10.0.2.15/24")
    await machine.saw(new RegExp(`agent: looks up ${mac}\\b.* at ${api.replaceAll(".", "\\.")}`), 2 * minutes)
    await machine.saw(/agent: listens on/, minutes)

    const ask = async (name: string) => {
      const url = `http://127.0.0.1:${port}/v1/commands/?wait=true&agent_token=${TOKEN}`
      const response = await fetch(url, { method: "POST", body: JSON.stringify({ name, params: {} }) })
      return ((await response.json()) as CommandResult).command_result
    }
    const inventory = (await ask("poll.get_hardware_info")) as Inventory
    const drivers = inventory.interfaces.map(({ mac_address, driver }) => `${mac_address} ${driver}`)
    expect(drivers.sort()).toEqual(fitted.map(([, driver], index) => `${macs[index]} ${driver}`))
    expect(inventory.disks.map(({ serial, size }) => [serial, size]).sort()).toEqual(
      Object.keys(disks)
        .sort()
        .map((name) => [name, 64 * 2 ** 20]),
    )
    const { system_logs: logs } = (await ask("log.collect_system_logs")) as { system_logs: string }
    const archive = join(dir, "logs.tar.gz")
    await writeFile(archive, Buffer.from(logs, "base64"))
    const { stdout: kernelLog } = await run("tar", ["--extract", "--to-stdout", "--file", archive, "dmesg"])
    // Debian's generic kernel, not the one for clouds, which lacks most drivers of hardware.
    expect(kernelLog).toMatch(/Linux version \d+\.\d+\.\d+\+deb13-amd64 /)

    const kernelAndRamdisk = await Promise.all(
      ["vmlinuz", "ramdisk.img"].map((file) => readFile(join(built, file)).then((data) => data.length)),
    )
    expect(kernelAndRamdisk.reduce((sum, size) => sum + size)).toBeLessThan(90e6)
  })
})

describe("the Debian 13 image", () => {
  const uuid = "0f0e0d0c-0b0a-4908-8706-050403020100"
  let dir: string
  let provisioner: Server
  let reports: string[]
  let image: string

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "bifrost-os-"))
    const built = await obtainOsImage(debian13, context)
    image = join(dir, "image.raw")
    await run("zstd", ["--decompress", "--sparse", "--quiet", join(built.dir, "debian-13.raw.zst"), "-o", image])
    reports = []
    provisioner = createServer(async (request, response) => {
      let body = ""
      for await (const chunk of request) body += chunk
      reports.push(`${request.method} ${request.url} ${body}`)
      response.writeHead(204).end()
    })
    await new Promise<void>((resolve) => provisioner.listen(0, "127.0.0.1", resolve))
    for (const key of ["user", "host"]) {
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", join(dir, key)])
    }
  }, 25 * minutes)

  afterAll(async () => {
    provisioner?.close()
    await rm(dir, { recursive: true, force: true })
  })

  it.for([
    { firmware: "bios", args: [] },
    { firmware: "uefi", args: ["-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"] },
  ])(
    "boots under $firmware and does what the config drive says",
    { timeout: 12 * minutes },
    async ({ firmware, args }) => {
      const disk = await deployedDisk(firmware)
      const port = await freePort()
      const vars = join(dir, `${firmware}.vars`)
      if (firmware === "uefi") await copyFile("/usr/share/OVMF/OVMF_VARS_4M.fd", vars)
      const machine = boot(`os-${firmware}`, [
        ...["-m", "2048", ...args, ...(firmware === "uefi" ? ["-drive", `if=pflash,format=raw,file=${vars}`] : [])],
        ...["-drive", `file=${disk},format=raw,if=virtio,cache=unsafe`],
        ...["-netdev", `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:22`],
        ...["-device", `virtio-net-pci,netdev=net,mac=${mac},romfile=`],
      ])
      await machine.saw(/first-boot: reported to the provisioner/, 8 * minutes)
      expect(reports.splice(0)).toEqual([`POST /v1/first-boot/${uuid} {"token": "told-once"}`])

      // What comes after the boot loader is the same; what both must do is to reach it.
      if (firmware === "uefi") return

      const known = join(dir, `${firmware}.known_hosts`)
      const hostKey = (await readFile(join(dir, "host.pub"), "utf8")).split(" ").slice(0, 2).join(" ")
      await writeFile(known, `[127.0.0.1]:${port} ${hostKey}\n`)
      const options = ["StrictHostKeyChecking=yes", `UserKnownHostsFile=${known}`, "BatchMode=yes", "ConnectTimeout=60"]
      const ssh = (command: string) =>
        run("ssh", [
          ...["-F", "none", "-i", join(dir, "user"), "-p", String(port), ...options.flatMap((each) => ["-o", each])],
          ...["root@127.0.0.1", command],
        ]).then((result) => result.stdout.trim())

      expect(await ssh("hostname; cat /run/bifrost/first-boot.done /etc/site/file /root/ran")).toBe(
        ["rack1-h0.example", uuid, "from the drive", "by the script"].join("\n"),
      )
      expect(await ssh("cat /sys/class/net/*/mtu | sort -n | head -n 1; stat -c %a /etc/site/file")).toBe("1442\n600")
      // The root grew up to the config drive's partition, which is still there.
      const [megabytes, label] = (
        await ssh("df -m --output=size / | tail -n 1; blkid -o value -s LABEL /dev/vda4")
      ).split("\n")
      expect(Number(megabytes)).toBeGreaterThan(3500)
      expect(label).toBe("config-2")
      expect(await ssh("docker info --format '{{.Driver}} {{.CgroupDriver}}'")).toMatch(/^overlay2 systemd$/)
      expect(await ssh("systemctl --failed --no-legend --plain")).toBe("")
    },
  )

  /** What the agent leaves: the image on a larger disk, and a config drive in a partition at the disk's end. */
  async function deployedDisk(name: string): Promise<string> {
    const disk = join(dir, `${name}.raw`)
    await run("cp", ["--sparse=always", image, disk])
    await truncate(disk, 4 * 2 ** 30)
    await run("sgdisk", ["--move-second-header", disk])
    await run("sgdisk", ["--new=4:-64M:0", disk])
    const start = Number(/First sector: (\d+)/.exec((await run("sgdisk", ["--info=4", disk])).stdout)?.[1])
    const drive = await configDrive(name)
    const file = await open(disk, "r+")
    await file.write(drive, 0, drive.length, start * 512)
    await file.close()
    return disk
  }

  async function configDrive(name: string): Promise<Buffer> {
    const latest = join(dir, name, "openstack", "latest")
    await mkdir(latest, { recursive: true })
    const { port } = provisioner.address() as AddressInfo
    const [userKey, hostPrivate, hostPublic] = await Promise.all(
      ["user.pub", "host", "host.pub"].map((file) => readFile(join(dir, file), "utf8")),
    )
    const meta = {
      uuid,
      name: "rack1-h0",
      hostname: "rack1-h0.example",
      public_keys: { site: userKey },
      bifrost: {
        ssh_host_keys: { ed25519: { private: hostPrivate, public: hostPublic } },
        first_boot_url: `http://10.0.2.2:${port}/v1/first-boot/${uuid}`,
        first_boot_token: "told-once",
        files: [{ path: "/etc/site/file", content: "from the drive\n", mode: "0600" }],
      },
    }
    const network = {
      links: [{ id: "nic", type: "phy", ethernet_mac_address: mac, mtu: 1442 }],
      networks: [
        {
          id: "net",
          link: "nic",
          type: "ipv4",
          ip_address: "10.0.2.15",
          netmask: "255.255.255.0",
          gateway: "10.0.2.2",
        },
      ],
      services: [{ type: "dns", address: "10.0.2.3" }],
    }
    await writeFile(join(latest, "meta_data.json"), JSON.stringify(meta))
    await writeFile(join(latest, "network_data.json"), JSON.stringify(network))
    await writeFile(join(latest, "user_data"), "#!/bin/sh\necho by the script > /root/ran\n")
    const iso = join(dir, `${name}.iso`)
    await run("xorriso", ["-as", "mkisofs", "-quiet", "-R", "-J", "-V", "config-2", "-o", iso, join(dir, name)])
    return readFile(iso)
  }
})

/** A port that was free a moment ago; QEMU takes no listening socket from us. */
async function freePort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
