import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { attachContainer, findMachine, inNamespace, labDown, labStatus, labUp } from "../../../src/lab/lab.ts"
import { findProcesses } from "../../../src/lab/processes.ts"
import { serialOf } from "../../../src/lab/qemu-args.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { run } from "../../../src/util/run.ts"
import { writeTestSystem } from "./boot-sector.ts"

const name = `lab-t${process.pid}`
const state = mkdtempSync(join(tmpdir(), "bifrost-lab-"))
const paths = { state, cache: join(state, "cache") }
const shape = { nodes: 2, firmware: "mixed", memory: "512M", cpus: 1, disk: "1G" } as const
const children: ChildProcess[] = []
/** Mount points of this lab: other tests, and the engine, mount and unmount at the same time. */
const mountsOfLab = () =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => [name, state].some((part) => point.includes(part)))
const mountsBefore = mountsOfLab()

beforeAll(async () => {
  await labUp(paths, name, shape)
  writeTestSystem(findMachine(paths, name, "node1").layout.disk)
})

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL")
  await labDown(paths, name)
  rmSync(state, { recursive: true, force: true })
})

function ipmitoolArgs(node: string): string[] {
  const { machine } = findMachine(paths, name, node)
  const { address, user, password } = machine.bmc
  return inNamespace(name, [
    "env",
    `IPMI_PASSWORD=${password}`,
    "ipmitool",
    "-I",
    "lanplus",
    "-C",
    "17",
    "-H",
    address,
    "-U",
    user,
    "-E",
  ]) as string[]
}

async function ipmitool(node: string, ...words: string[]): Promise<string> {
  const [command, ...args] = ipmitoolArgs(node)
  return (await run(command!, [...args, ...words])).stdout.trim()
}

const power = (node: string) => ipmitool(node, "chassis", "power", "status")

async function eventually<T>(look: () => T | Promise<T>, holds: (value: T) => boolean, seconds = 60): Promise<T> {
  const deadline = systemClock.now() + seconds * 1000
  for (;;) {
    const value = await look()
    if (holds(value) || systemClock.now() > deadline) return value
    await systemClock.sleep(100)
  }
}

/** What the machine's console says from now on, until `pattern` shows or the time is over. */
function listen(node: string) {
  const log = findMachine(paths, name, node).layout.consoleLog
  const from = existsSync(log) ? statSync(log).size : 0
  const said = () => (existsSync(log) ? readFileSync(log).subarray(from).toString("latin1") : "")
  return { until: (pattern: RegExp) => eventually(said, (text) => pattern.test(text)) }
}

test("the lab stands, its passwords are the owner's alone, and a second up changes nothing", async () => {
  const csv = readFileSync(join(state, "lab", name, "hosts.csv"), "utf8")
  expect(csv.split("\n")[0]).toBe("name,mac,bmc_address,bmc_port,bmc_user,bmc_password,driver,groups,ip,ssh_host_key")
  for (const file of ["hosts.csv", "lab.json"])
    expect(statSync(join(state, "lab", name, file)).mode & 0o777).toBe(0o600)
  const before = await labStatus(paths, name)
  expect(before.machines.map(({ power, firmware }) => [power, firmware])).toEqual([
    ["off", "bios"],
    ["off", "uefi"],
  ])
  const again = await labUp(paths, name, shape)
  expect(again.made).toEqual([])
  expect(again.status).toEqual(before)
  expect(JSON.stringify(again.status)).not.toContain(findMachine(paths, name, "node1").machine.bmc.password)
})

test("the host's own network has nothing of the lab", async () => {
  const { stdout } = await run("ip", ["-json", "link", "show"])
  const names = JSON.parse(stdout).map((link: { ifname: string }) => link.ifname)
  expect(names).not.toContain("prov0")
  expect(names.filter((link: string) => link.startsWith("tap"))).toEqual([])
})

test("ipmitool drives a BIOS machine: on, disk, NMI, soft, cycle, reset, off", async () => {
  expect(await power("node1")).toBe("Chassis Power is off")
  let console = listen("node1")
  await ipmitool("node1", "chassis", "power", "on")
  expect(await power("node1")).toBe("Chassis Power is on")
  expect(await console.until(/DISK\S*\r\n/)).toMatch(/Booting from Hard Disk[\s\S]*DISK/)

  console = listen("node1")
  await ipmitool("node1", "chassis", "power", "diag")
  // SeaBIOS's mirror of the screen may still owe the end of its last line.
  expect(await console.until(/N/)).toMatch(/^[.\s]*N$/)

  await ipmitool("node1", "chassis", "power", "soft")
  expect(
    await eventually(
      () => power("node1"),
      (said) => said.endsWith("off"),
    ),
  ).toBe("Chassis Power is off")
  await expect(ipmitool("node1", "chassis", "power", "cycle")).rejects.toThrow(/Power/)
  expect(await power("node1")).toBe("Chassis Power is off")

  await ipmitool("node1", "chassis", "power", "on")
  const pid = async () => (await labStatus(paths, name)).machines[0]!.pid
  const first = await pid()
  console = listen("node1")
  await ipmitool("node1", "chassis", "power", "reset")
  expect(await console.until(/DISK/)).toMatch(/SeaBIOS[\s\S]*DISK/)
  expect(await pid()).toBe(first)
  await ipmitool("node1", "chassis", "power", "cycle")
  expect(await power("node1")).toBe("Chassis Power is on")
  expect(await pid()).not.toBe(first)
  await ipmitool("node1", "chassis", "power", "off")
  expect(await power("node1")).toBe("Chassis Power is off")
})

test("a one-shot boot device serves one boot, a persistent one every boot", async () => {
  await ipmitool("node1", "chassis", "power", "off")
  const bootparam = () => ipmitool("node1", "chassis", "bootparam", "get", "5")
  await ipmitool("node1", "chassis", "bootdev", "pxe", "options=efiboot")
  expect(await bootparam()).toMatch(/EFI boot[\s\S]*Force PXE/i)
  let console = listen("node1")
  await ipmitool("node1", "chassis", "power", "on")
  expect(await console.until(/Booting from (ROM|Hard)/)).toMatch(/Booting from ROM/)
  expect(await bootparam()).toMatch(/No override/)

  // Used up: the next boot is the disk's. Then one-shot across a reset, which SeaBIOS makes two of.
  console = listen("node1")
  await systemClock.sleep(1_200)
  await ipmitool("node1", "chassis", "power", "reset")
  expect(await console.until(/DISK/)).toMatch(/SeaBIOS[\s\S]*Booting from Hard Disk[\s\S]*DISK/)
  await ipmitool("node1", "chassis", "bootdev", "pxe")
  console = listen("node1")
  await ipmitool("node1", "chassis", "power", "reset")
  expect(await console.until(/Booting from (ROM|Hard)/)).toMatch(/Booting from ROM/)

  await ipmitool("node1", "chassis", "bootdev", "pxe", "options=persistent")
  for (const action of ["reset", "cycle"]) {
    console = listen("node1")
    await ipmitool("node1", "chassis", "power", action)
    expect(await console.until(/Booting from (ROM|Hard)/)).toMatch(/Booting from ROM/)
    expect(await bootparam()).toMatch(/Force PXE/)
  }
  await ipmitool("node1", "chassis", "bootdev", "disk", "options=persistent")
  console = listen("node1")
  await ipmitool("node1", "chassis", "power", "cycle")
  expect(await console.until(/DISK/)).toMatch(/Booting from Hard Disk[\s\S]*DISK/)
  await ipmitool("node1", "chassis", "power", "off")
})

test("a UEFI machine boots from the network with OVMF's own client, one-shot and by default", async () => {
  await ipmitool("node2", "chassis", "bootdev", "pxe", "options=efiboot")
  const console = listen("node2")
  await ipmitool("node2", "chassis", "power", "on")
  const said = await console.until(/PXE over IPv4/)
  expect(said).toMatch(/PXE over IPv4/)
  expect(said).not.toMatch(/iPXE/)
  // Used up: OVMF now tries the blank disk first.
  const second = listen("node2")
  await ipmitool("node2", "chassis", "power", "cycle")
  expect(await second.until(/PXE over IPv4/)).toMatch(/UEFI Misc Device[\s\S]*Not Found[\s\S]*PXE over IPv4/)
  await ipmitool("node2", "chassis", "power", "off")
})

test("the BMC tells what is true of its machine: its power state, its maker and its serial number", async () => {
  await ipmitool("node1", "chassis", "power", "off")
  expect(await ipmitool("node1", "sdr", "elist")).toMatch(/^ACPI State +\| 01h \| ok +\| +7\.1 \| S5\/G2: soft-off$/)
  const fru = await ipmitool("node1", "fru")
  expect(fru).toMatch(/Product Manufacturer +: bifrost-ts\n Product Name +: lab\n/)
  expect(fru).toContain(serialOf(findMachine(paths, name, "node1").machine))
  await ipmitool("node1", "chassis", "power", "on")
  expect(await ipmitool("node1", "sdr")).toMatch(/^ACPI State +\| 0x01 +\| ok$/)
  expect(await ipmitool("node1", "sdr", "elist")).toMatch(/S0\/G0: working$/)
})

test("lab console shows the machine's output in a terminal, and Ctrl-] leaves it", async () => {
  const command = `bin/bifrost-ts lab console --name ${name} node1`
  const console = spawn("script", ["-qfec", command, "/dev/null"], {
    env: { ...process.env, BIFROST_STATE: state },
    stdio: ["pipe", "pipe", "pipe"],
  })
  children.push(console)
  const ended = once(console, "exit")
  let said = ""
  const saw = (pattern: RegExp) =>
    eventually(
      () => said,
      (text) => pattern.test(text),
    )
  console.stdout.on("data", (chunk) => {
    said += chunk
  })
  expect(await saw(/leaves it/)).toContain("console of node1; Ctrl-] leaves it")
  await ipmitool("node1", "chassis", "power", "cycle")
  expect(await saw(/DISK/)).toMatch(/SeaBIOS[\s\S]*DISK/)
  console.stdin.write("\x1d")
  expect(await ended).toEqual([0, null])
  expect(await power("node1")).toBe("Chassis Power is on")
})

test("serial over LAN shows the firmware", async () => {
  await ipmitool("node1", "chassis", "power", "off")
  const [command, ...args] = ["script", "-qfec", [...ipmitoolArgs("node1"), "sol", "activate"].join(" "), "/dev/null"]
  const sol = spawn(command!, args, { stdio: ["pipe", "pipe", "pipe"] })
  children.push(sol)
  let said = ""
  sol.stdout.on("data", (chunk) => {
    said += chunk
  })
  await eventually(
    () => said,
    (text) => text.includes("operational"),
  )
  await ipmitool("node1", "chassis", "bootdev", "pxe")
  await ipmitool("node1", "chassis", "power", "on")
  expect(
    await eventually(
      () => said,
      (text) => /iPXE initialising/.test(text),
    ),
  ).toMatch(/SeaBIOS[\s\S]*iPXE initialising/)
  sol.stdin.write("~.")
  await eventually(
    () => sol.exitCode,
    (code) => code !== null,
    10,
  )
  expect(sol.exitCode).not.toBeNull()
})

test("after kill -9 of the daemon the machines run on, and up adopts them", async () => {
  await ipmitool("node1", "chassis", "power", "on")
  const before = await labStatus(paths, name)
  expect(before.machines[0]!.power).toBe("on")
  process.kill(before.daemon!.pid, "SIGKILL")
  expect(
    (
      await eventually(
        () => labStatus(paths, name),
        (status) => status.daemon === null,
      )
    ).daemon,
  ).toBeNull()
  const { status } = await labUp(paths, name, {})
  expect(status.daemon?.pid).not.toBe(before.daemon!.pid)
  expect(status.machines).toEqual(before.machines)
  const console = listen("node1")
  await ipmitool("node1", "chassis", "bootdev", "disk")
  await ipmitool("node1", "chassis", "power", "reset")
  expect(await console.until(/DISK/)).toMatch(/DISK/)
})

test("kill -9 of QEMU is a power cut: the BMC says off, and power on works", async () => {
  await ipmitool("node1", "chassis", "power", "on")
  process.kill((await labStatus(paths, name)).machines[0]!.pid!, "SIGKILL")
  expect(
    await eventually(
      () => power("node1"),
      (said) => said.endsWith("off"),
      5,
    ),
  ).toBe("Chassis Power is off")
  const console = listen("node1")
  await ipmitool("node1", "chassis", "power", "on")
  expect(await console.until(/DISK/)).toMatch(/DISK/)
})

test("a container is plugged in as prov0 with the service's address", async () => {
  const box = spawn("unshare", ["--net", "sleep", "600"], { stdio: "ignore" })
  children.push(box)
  await eventually(
    () => findProcesses((argv, pid) => pid === box.pid && argv[0] === "sleep"),
    (pids) => pids.length > 0,
  )
  await attachContainer(name, box.pid!)
  await attachContainer(name, box.pid!)
  const inside = ["nsenter", `--net=/proc/${box.pid}/ns/net`, "--"]
  const { stdout } = await run(inside[0]!, [...inside.slice(1), "ip", "-4", "-brief", "address", "show", "prov0"])
  expect(stdout).toMatch(/^prov0@\S+\s+UP\s+172\.22\.0\.1\/24/)
  const ping = ["bash", "-c", "echo > /dev/udp/172.22.0.101/623"]
  expect((await run(inside[0]!, [...inside.slice(1), ...ping])).code).toBe(0)
  await labUp(paths, name, {})
})

test("down leaves nothing, and says what it removed", async () => {
  await ipmitool("node1", "chassis", "power", "on")
  expect(mountsOfLab()).toContain(`/run/netns/${name}`)
  const removed = await labDown(paths, name)
  expect(removed.join("\n")).toMatch(/BMC daemon, process \d+[\s\S]*qemu-system-x86_64[\s\S]*namespace lab-t/)
  expect(existsSync(`/run/netns/${name}`)).toBe(false)
  expect(existsSync(`/run/bifrost-ts/lab/${name}`)).toBe(false)
  expect(mountsOfLab()).toEqual(mountsBefore)
  expect(existsSync(state) ? readdirSync(state) : []).toEqual([])
  expect(findProcesses((argv) => argv.some((word) => word.includes(name) || word.includes(state)))).toEqual([])
  expect(await labDown(paths, name)).toEqual([])
  await expect(labStatus(paths, name)).rejects.toMatchObject({ code: "LAB_ABSENT" })
})

test("an up that is aborted half-way leaves nothing", async () => {
  const aborted = new AbortController()
  const up = labUp(paths, name, shape, { signal: aborted.signal })
  await eventually(() => existsSync(`/run/netns/${name}`), Boolean, 10)
  aborted.abort(new Error("interrupted"))
  await expect(up).rejects.toThrow("interrupted")
  expect(existsSync(`/run/netns/${name}`)).toBe(false)
  expect(existsSync(state) ? readdirSync(state) : []).toEqual([])
})

test("down repairs what it finds half-made: a namespace file that is none, a directory without a spec", async () => {
  writeFileSync(`/run/netns/${name}`, "")
  mkdirSync(join(state, "lab", name, "node1"), { recursive: true })
  expect(await labDown(paths, name)).toEqual([`namespace ${name}`, join(state, "lab", name)])
  expect(existsSync(`/run/netns/${name}`)).toBe(false)
})
