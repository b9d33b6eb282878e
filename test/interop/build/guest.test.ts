import { chmod, copyFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import { type AddressInfo, createServer as createTcpServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from "vitest"
import { obtainGuest } from "../../../src/build/guest/kind.ts"
import type { BuildContext } from "../../../src/build/kinds.ts"
import { buildIso } from "../../../src/configdrive/build.ts"
import { Qmp } from "../../../src/lab/qmp.ts"
import { newKeyPair } from "../../../src/transport/key-pair.ts"
import { pathsFrom } from "../../../src/util/paths.ts"
import { run } from "../../../src/util/run.ts"
import { startMachine, type TestMachine } from "./machine.ts"

const context: BuildContext = { paths: pathsFrom(process.env), refresh: false, progress: () => {} }
const minutes = 60_000
const key = newKeyPair("me")
const uuid = "83679162-1378-4288-a2d4-70e13ec132aa"
/** As Nova gives it: the key twice, each with the end of its line. */
const metaData = JSON.stringify({
  uuid,
  public_keys: { mine: `${key.public}\n` },
  keys: [{ name: "mine", type: "ssh", data: `${key.public}\n` }],
  hostname: "vm1.novalocal",
  name: "vm1",
})
const service: Record<string, string> = {
  "/openstack/latest/meta_data.json": metaData,
  "/openstack/latest/user_data": "#!/bin/sh\necho run as $(id -un)\n",
  "/latest/meta-data/instance-id": "i-00000007",
  "/latest/meta-data/public-keys/0/openssh-key": key.public,
}

let dir: string
let image: string
let metadata: Server
let running: { machine: TestMachine; qmp: Qmp } | undefined

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bifrost-guest-"))
  image = join((await obtainGuest(context)).dir, "guest.raw")
  metadata = createServer((request, response) => {
    const body = service[request.url ?? ""]
    response.writeHead(body === undefined ? 404 : 200).end(body ?? "")
  })
  await new Promise<void>((resolve) => metadata.listen(0, "127.0.0.1", resolve))
  // QEMU starts this for each connection to the metadata's address.
  await writeFile(join(dir, "relay"), "#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/$1\ncat <&3 &\ncat >&3\nwait\n")
  await chmod(join(dir, "relay"), 0o755)
  await writeFile(join(dir, "key"), key.private.reveal(), { mode: 0o600 })
}, 10 * minutes)

afterEach(async () => {
  running?.qmp.close()
  await running?.machine.stop()
  running = undefined
})

afterAll(async () => {
  metadata?.close()
  await rm(dir, { recursive: true, force: true })
})

/** The guest on a machine; `network` is what follows `user,` of QEMU's network. */
async function boot(name: string, megabytes: number, network: string, args: readonly string[] = []) {
  const disk = join(dir, `${name}.raw`)
  await copyFile(image, disk)
  const socket = join(dir, `${name}.qmp`)
  const machine = startMachine([
    ...["-m", String(megabytes), "-qmp", `unix:${socket},server=on,wait=off`],
    ...["-drive", `file=${disk},format=raw,if=virtio`],
    ...["-netdev", `user,id=net,${network}`, "-device", "virtio-net-pci,netdev=net"],
    ...args,
  ])
  onTestFailed(() => machine.keepLog(`guest-${name}`))
  const qmp = await connected(socket)
  running = { machine, qmp }
  return running
}

async function connected(socket: string): Promise<Qmp> {
  for (let tries = 0; ; tries++) {
    try {
      return await Qmp.connect(socket)
    } catch (error) {
      if (tries === 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const ssh = (port: number, command: string) =>
  run("ssh", [
    ...["-F", "none", "-i", join(dir, "key"), "-p", String(port)],
    ...["IdentitiesOnly=yes", "BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"].flatMap(
      (option) => ["-o", option],
    ),
    ...["root@127.0.0.1", command],
  ])

describe("the guest image", () => {
  it("is small enough to be uploaded in a blink", async () => {
    const { stdout } = await run("stat", ["--format=%s", image])
    expect(Number(stdout)).toBeLessThan(40e6)
  })

  it("learns who it is from the metadata service, says so, and answers", { timeout: 8 * minutes }, async () => {
    const [sshPort, httpPort] = [await freePort(), await freePort()]
    const { port } = metadata.address() as AddressInfo
    const { machine, qmp } = await boot(
      "bios",
      128,
      [
        // The metadata's address has to be one of QEMU's own network for QEMU to answer it.
        "net=169.254.0.0/16,host=169.254.0.2,dhcpstart=169.254.0.15",
        `hostfwd=tcp:127.0.0.1:${sshPort}-:22,hostfwd=tcp:127.0.0.1:${httpPort}-:80`,
        `guestfwd=tcp:169.254.169.254:80-cmd:${join(dir, "relay")} ${port}`,
      ].join(","),
    )
    await machine.saw(/guest ready after \d+ s/, 4 * minutes)
    for (const line of [
      "hostname: vm1",
      "instance id: i-00000007",
      `uuid: ${uuid}`,
      "address: eth0 169.254.0.15/16",
      "gateway: 169.254.0.2",
      "metadata: http://169.254.169.254",
      `key: ${key.public}`,
    ]) {
      expect(machine.serial()).toContain(`${line}\r\n`)
    }
    expect(machine.serial().split("key: ssh-").length).toBe(2)
    await machine.saw(/user data: run as root/, minutes)

    const page = await (await fetch(`http://127.0.0.1:${httpPort}/`)).text()
    expect(page).toContain(`uuid: ${uuid}\n`)
    expect(page).toMatch(/^disk: vda \d+ bytes$/m)
    expect((await ssh(sshPort, "hostname && id -un")).stdout).toBe("vm1\nroot\n")

    // A volume, as Nova attaches it.
    const volume = join(dir, "volume.raw")
    await writeFile(volume, "")
    await truncate(volume, 64 * 2 ** 20)
    const file = { driver: "file", filename: volume }
    await qmp.execute("blockdev-add", { driver: "raw", "node-name": "volume", file })
    await qmp.execute("device_add", { driver: "virtio-blk-pci", drive: "volume", id: "volume" })
    await machine.saw(/disk attached: vdb 67108864 bytes/, minutes)
    const use = "mke2fs /dev/vdb > /dev/null 2>&1 && mount /dev/vdb /mnt && echo kept > /mnt/file && umount /mnt"
    await ssh(sshPort, use)
    await qmp.execute("device_del", { id: "volume" })
    await machine.saw(/disk detached: vdb/, minutes)

    const closed = new Promise<void>((resolve) => qmp.once("close", resolve))
    await qmp.execute("system_powerdown")
    await machine.saw(/the power button was pressed/, minutes)
    await closed
    expect(machine.serial()).toMatch(/reboot: Power down/)
  })

  it("boots under UEFI, and takes a config drive for its metadata", { timeout: 8 * minutes }, async () => {
    const drive = join(dir, "config.iso")
    await writeFile(drive, await buildIso({ "openstack/latest/meta_data.json": metaData }))
    const firmware = "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"
    // The drive is on IDE, as Nova puts it for an image that says nothing.
    const { machine, qmp } = await boot("uefi", 192, "restrict=on", [
      ...["-drive", firmware, "-drive", `file=${drive},format=raw,if=ide,media=cdrom,readonly=on`],
    ])
    await machine.saw(/guest ready after \d+ s/, 6 * minutes)
    expect(machine.serial()).toContain("metadata: drive\r\n")
    expect(machine.serial()).toContain(`uuid: ${uuid}\r\n`)
    expect(machine.serial()).toContain(`key: ${key.public}\r\n`)
    // Whoever is at the screen's keyboard can start it again; `-no-reboot` ends QEMU then.
    const closed = new Promise<void>((resolve) => qmp.once("close", resolve))
    const keys = ["ctrl", "alt", "delete"].map((data) => ({ type: "qcode", data }))
    await qmp.execute("send-key", { keys })
    await closed
    expect(machine.serial()).toContain("guest: the guest ends")
  })
})
