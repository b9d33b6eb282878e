import { execFile } from "node:child_process"
import { chmodSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, test } from "vitest"
import { loadProvisioner, saveProvisioner } from "../../../src/provisioner/bundle.ts"
import { serviceUser } from "../../../src/provisioner/spec.ts"
import { makeWorld, type World } from "../netboot/world.ts"
import { type PrivateEngine, startPrivateEngine } from "./private-engine.ts"

/**
 * `up --interface` as on a real site: the service in a container on its host's own network. The host is a namespace with a
 * card `eth0` in the rack's switch and an engine of its own; another one on the switch is a machine of the rack.
 */
let world: World
let host: string
let machine: string
let engine: PrivateEngine
const state = mkdtempSync("/var/tmp/bifrost-host-network-")
const image = "bifrost-ts/provisioner:latest"

beforeAll(async () => {
  await promisify(execFile)("bin/bifrost-ts", ["images", "build", "provisioner"], { env: process.env })
  world = makeWorld("172.22.0.254/24")
  host = world.client()
  machine = world.client("52:54:00:00:00:21")
  // A second card: the office's, where nothing may be heard of this.
  world.ip("-n", host, "link", "add", "eth1", "type", "veth", "peer", "name", "office", "netns", machine)
  world.ip("-n", host, "address", "add", "172.22.0.1/24", "dev", "eth0")
  world.ip("-n", host, "address", "add", "198.51.100.1/24", "dev", "eth1")
  for (const [namespace, link] of [
    [host, "eth1"],
    [machine, "office"],
  ] as const)
    world.ip("-n", namespace, "link", "set", link, "up")
  engine = await startPrivateEngine(host)
  // As to another machine: saved by the engine that built it, loaded by the one that runs it.
  expect(await saveProvisioner(join(state, "carried"), image)).toBe(true)
  await withHost(engine.host, async () => {
    expect(await loadProvisioner(join(state, "carried"), image)).toBe(true)
    expect(await loadProvisioner(join(state, "carried"), image)).toBe(false)
  })
})

afterAll(async () => {
  await bifrost("down")
  await engine?.stop()
  world?.destroy()
  rmSync(state, { recursive: true, force: true })
})

async function withHost(name: string, work: () => Promise<void>): Promise<void> {
  process.env["DOCKER_HOST"] = name
  await work().finally(() => delete process.env["DOCKER_HOST"])
}

async function bifrost(...args: string[]) {
  const env = { ...process.env, BIFROST_STATE: state, DOCKER_HOST: engine.host }
  return promisify(execFile)("bin/bifrost-ts", args, { env }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout + error.stderr,
    }),
  )
}

/** What listens in the host's namespace, as "udp 172.22.0.1:67". */
async function listeners(): Promise<string[]> {
  const { output } = await world.run(host, "ss", "--no-header", "--numeric", "--listening", "--tcp", "--udp")
  const rows = output.trim() === "" ? [] : output.trim().split("\n")
  return rows.map((row) => row.split(/\s+/)).map(([kind, , , , address]) => `${kind} ${address}`)
}

function lease(link: string) {
  const script = join(state, "udhcpc")
  writeFileSync(script, '#!/bin/sh\necho "$1 ip=$ip server=$serverid"\n')
  chmodSync(script, 0o755)
  return world.run(machine, "udhcpc", "-i", link, "-f", "-q", "-n", "-t", "3", "-T", "1", "-s", script)
}

test("without the interface it says so, and which ones there are", async () => {
  const { code, output } = await bifrost("up", "--interface", "eno9")
  expect(code).not.toBe(0)
  expect(output).toContain("INTERFACE_ABSENT")
  expect(output).toMatch(/one of eth0, eth1/)
  await bifrost("down")
})

test("it comes up, and a second time changes nothing", async () => {
  const wanted = ["up", "--interface", "eth0", "--range", "172.22.0.60-172.22.0.69", "--discover", "--api-port", "6385"]
  expect(await bifrost(...wanted)).toEqual({ code: 0, output: "provisioner created\n" })
  expect(await bifrost(...wanted)).toEqual({ code: 0, output: "provisioner unchanged\n" })
  expect((await bifrost("status")).code).toBe(0)
  const logs = (await bifrost("logs")).output
  expect(logs).toContain("serving")
  expect(logs).not.toContain("no IPv6 router advertisements")
})

test("it listens on the provisioning interface's address and on loopback alone", async () => {
  expect((await listeners()).sort()).toEqual([
    "tcp 127.0.0.1:6385",
    "tcp 172.22.0.1:5000",
    "tcp 172.22.0.1:8080",
    "udp 172.22.0.1:67",
    "udp 172.22.0.1:69",
    "udp 255.255.255.255:67",
  ])
})

test("none of its processes is root's, and each has of its two capabilities those that its work takes", async () => {
  const container = engine.docker.getContainer("bifrost-ts")
  const { Titles, Processes } = await container.top()
  const seen: Record<string, string> = {}
  for (const pid of Processes.map((row: string[]) => row[Titles.indexOf("PID")]!)) {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1]
    for (const ids of ["Uid", "Gid"]) expect(field(ids)).toBe(new Array(4).fill(serviceUser).join("\t"))
    expect(capabilitiesIn(field("CapBnd")!)).toEqual(["NET_BIND_SERVICE", "NET_RAW"])
    for (const set of ["CapInh", "CapAmb"]) expect(capabilitiesIn(field(set)!)).toEqual([])
    seen[basename(readlinkSync(`/proc/${pid}/exe`))] = capabilitiesIn(field("CapEff")!).join(" ")
  }
  expect(seen).toEqual({
    "docker-init": "",
    node: "NET_BIND_SERVICE NET_RAW",
    radvd: "NET_RAW",
    "docker-registry": "",
  })
})

/** By the numbers of linux/capability.h; what the service may not have is told by its number. */
function capabilitiesIn(mask: string): string[] {
  const names: Record<number, string> = { 10: "NET_BIND_SERVICE", 13: "NET_RAW" }
  const bits = [...BigInt(`0x${mask}`).toString(2)].toReversed()
  return bits.flatMap((bit, number) => (bit === "1" ? [names[number] ?? String(number)] : []))
}

test("a machine of the rack gets a lease, a loader and a boot script; one on the office's network nothing", async () => {
  expect((await lease("eth0")).output).toMatch(/bound ip=172\.22\.0\.6\d server=172\.22\.0\.1/)
  const office = await lease("office")
  expect(office.output).not.toContain("bound")
  expect(office.code).not.toBe(0)
  world.ip("-n", machine, "address", "add", "172.22.0.60/24", "dev", "eth0")
  const script = await world.run(machine, "curl", "-fsS", "http://172.22.0.1:8080/boot.ipxe?mac=52-54-00-00-00-21")
  expect(script.output).toMatch(/^#!ipxe/)
  const loader = await world.run(machine, "curl", "-fsS", "-m", "10", "tftp://172.22.0.1/autoexec.ipxe")
  expect(loader.output).toMatch(/^#!ipxe/)
})

test("the API over TCP takes the password, and only that", async () => {
  const ask = (...more: string[]) =>
    world.run(host, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", ...more, "http://127.0.0.1:6385/v1/nodes")
  expect((await ask()).output).toBe("401")
  const made = await bifrost("api-password")
  const [, password, user] = /^(\S+)\n.* of "([^"]+)"/.exec(made.output) ?? []
  expect((await ask("--user", `${user}:${password}`)).output).toBe("200")
  expect((await ask("--user", `${user}:wrong`)).output).toBe("401")
})

test("down leaves no container, no listener and nobody who answers", async () => {
  expect((await bifrost("down")).output).toContain("- container bifrost-ts")
  expect(await engine.docker.listContainers({ all: true })).toEqual([])
  expect(await listeners()).toEqual([])
  expect((await lease("eth0")).output).not.toContain("bound")
  expect((await bifrost("down")).output).toContain("nothing to remove")
})
