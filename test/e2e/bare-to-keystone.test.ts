import { execFileSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import Docker from "dockerode"
import { afterAll, beforeAll, expect, test } from "vitest"
import { Journey } from "../../scripts/journey/run.ts"
import { labLayout } from "../../src/lab/layout.ts"
import { namesFor } from "../../src/provisioner/spec.ts"
import type { EventRecord } from "../../src/store/records.ts"
import { bmcsOf, ipmitool } from "./bmc.ts"
import { CommandLines } from "./command-lines.ts"
import { until } from "./openstack.ts"

/** The product in one line, `npm run demo`, on two blank machines, one BIOS and one UEFI. Tests read what it left running. */
const said: string[] = []
const journey = new Journey((line) => {
  said.push(line)
  console.log(line)
})
const commandLines = new CommandLines()

/** GRUB tells every kernel which file it was loaded from; kexec hands over the menu's own words alone. */
const byGrub = "BOOT_IMAGE="

/** Which boot of its system a node is in, and how that began. Over SSH, which knows no host key but that of the deploy. */
async function bootOf(node: string): Promise<{ id: string; root: string; cmdline: string }> {
  const told = "cat /proc/sys/kernel/random/boot_id; findmnt -no SOURCE /; cat /proc/cmdline"
  const { code, stdout, stderr } = await journey.ssh(node, told)
  if (code !== 0) throw new Error(stderr)
  const [id = "", root = "", cmdline = ""] = stdout.split("\n")
  return { id, root, cmdline }
}

async function events(since = 0): Promise<EventRecord[]> {
  const { stdout } = await journey.bifrost(["events", "--since", String(since), "--json"])
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

beforeAll(async () => {
  const { code } = await journey.demo("--nodes", "2", "--firmware", "mixed")
  expect(code, said.slice(-40).join("\n")).toBe(0)
  expect(said.join("\n")).toMatch(
    /What was bare runs Keystone.*log in {6}bin\/bifrost-ts lab ssh --name e2e-\d+ node1$/ms,
  )
})

afterAll(async () => {
  commandLines.stop()
  await journey.takeDown()
})

test("both machines are active, by way of every phase of the network boot", async () => {
  const inventory = JSON.parse((await journey.bifrost(["inventory", "--format", "json"])).stdout)
  expect(inventory.hosts).toMatchObject([
    { name: "node1", address: "172.22.0.11", state: "active" },
    { name: "node2", address: "172.22.0.12", state: "active" },
  ])
  for (const node of ["node1", "node2"]) {
    const legs = await journey.timeline(node)
    expect(legs.map(({ phase }) => phase)).toEqual([
      "power on",
      "first DHCP request",
      "boot script fetched",
      "kernel and ramdisk fetched",
      "agent ready",
      "image written",
      "left for the system",
      "first boot done",
      "SSH with the injected key",
      "active",
    ])
    expect(legs.find(({ phase }) => phase === "left for the system")).toMatchObject({ how: "kexec" })
  }
})

test("each runs the system from its own disk, under its own firmware, behind its pinned host key", async () => {
  const probe =
    "hostname; test -d /sys/firmware/efi && echo uefi || echo bios; findmnt -no SOURCE /; cat /etc/debian_version"
  const [first, second] = await Promise.all([journey.ssh("node1", probe), journey.ssh("node2", probe)])
  expect(first.stdout).toMatch(/^node1\nbios\n\/dev\/vda\d\n13/)
  expect(second.stdout).toMatch(/^node2\nuefi\n\/dev\/vda\d\n13/)
})

test("the agent started each system itself: no firmware and no boot loader came between", async () => {
  for (const node of ["node1", "node2"]) {
    const { cmdline } = await bootOf(node)
    expect(cmdline).toMatch(/^root=UUID=/)
    expect(cmdline).not.toContain(byGrub)
  }
})

test("Keystone gives the real client a token", async () => {
  const { code, stdout, stderr } = await journey.openstack("token", "issue", "-f", "value", "-c", "id")
  expect(stderr).toBe("")
  expect(code).toBe(0)
  expect(stdout.trim().length).toBeGreaterThan(50)
})

test("a second run of everything changes nothing", async () => {
  const enrolled = await journey.json<{ added: number; changed: number }>(["enroll", journey.hostsCsv])
  expect(enrolled).toMatchObject({ added: 0, changed: 0, unchanged: 2 })
  const run = await journey.json<{ status: string; result: { deploy: { changed: string[]; planned: string[] } } }>([
    "provision",
    "--then-deploy",
  ])
  expect(run.status).toBe("succeeded")
  expect(run.result.deploy).toMatchObject({ changed: [], planned: [] })
  expect((await journey.bifrost(["plan"])).code).toBe(0)
})

test("the service killed and started again still knows everything", async () => {
  const legs = await journey.timeline("node1")
  const container = new Docker().getContainer(namesFor(journey.lab).service)
  await container.kill({ signal: "SIGKILL" })
  await container.wait()
  expect((await container.inspect()).State).toMatchObject({ Running: false, ExitCode: 137 })
  expect((await journey.bifrost(["status", "--lab", journey.lab])).code).toBe(3)
  const up = await journey.bifrost(["up", "--lab", journey.lab])
  expect(up.stdout).toContain("provisioner started")
  expect(up.code).toBe(0)
  expect(await journey.timeline("node1")).toEqual(legs)
  const nodes = await journey.json<{ name: string; provision_state: string }[]>(["node", "list"])
  expect(nodes.map(({ name, provision_state }) => [name, provision_state])).toEqual([
    ["node1", "active"],
    ["node2", "active"],
  ])
})

test("both, reset by their BMCs, come back from their disks behind the host keys of their deploy", async () => {
  const nodes = ["node1", "node2"]
  const bmcs = bmcsOf(journey)
  const before = await Promise.all(nodes.map(bootOf))
  const last = (await events()).at(-1)!.id
  const said = await Promise.all(nodes.map((node) => ipmitool(journey, bmcs[node]!, "power", "reset")))
  expect(said).toEqual(["Chassis Power Control: Reset", "Chassis Power Control: Reset"])
  const after = await Promise.all(
    nodes.map((node, index) =>
      until(
        `${node} after its reset`,
        () => bootOf(node),
        ({ id }) => id !== before[index]!.id,
        300,
      ),
    ),
  )
  for (const [index, { root, cmdline }] of after.entries()) {
    expect(root).toBe(before[index]!.root)
    expect(cmdline).toContain(`${byGrub}/vmlinuz root=UUID=`)
  }
  // Nobody but the systems asked the network for anything: firmware and loaders would be seen as well.
  const asked = (await events(last)).filter(({ kind }) => kind.startsWith("netboot."))
  expect(new Set(asked.map(({ kind, data }) => [kind, data["client"]].join(" ")))).toEqual(
    new Set(["netboot.dhcp system"]),
  )
})

test("nobody was told the password of a BMC", async () => {
  const passwords = Object.values(bmcsOf(journey)).map(({ bmc_password }) => bmc_password)
  expect(passwords).toEqual([expect.stringMatching(/^\S{16}$/), expect.stringMatching(/^\S{16}$/)])
  const output = async (...args: string[]) => (await journey.bifrost(args)).stdout
  const { service, network } = namesFor(journey.lab)
  const containers = [service, network].map((name) => new Docker().getContainer(name))
  const everything = { stdout: true, stderr: true, follow: false } as const
  /** What anyone may come to read, and a word that shows that it was read. */
  const told: Readonly<Record<string, readonly [text: string, shows: string]>> = {
    commands: [said.join("\n"), "provision succeeded"],
    // Sampled: what ends within a quarter of a second may escape it.
    "process list": [commandLines.seen(), "provision --then-deploy"],
    logs: [await output("logs", "--lab", journey.lab, "--tail", "1000000"), "serving"],
    events: [await output("events", "--json"), "os.start"],
    "node list": [await output("node", "list", "--json"), "ipmi_password"],
    "node show, node1": [await output("node", "show", "node1", "--json"), "ipmi_password"],
    "node show, node2": [await output("node", "show", "node2", "--json"), "ipmi_password"],
    inventory: [await output("inventory", "--format", "json"), "node2"],
    containers: [JSON.stringify(await Promise.all(containers.map((each) => each.inspect()))), service],
    "containers' output": [String(await Promise.all(containers.map((each) => each.logs(everything)))), "serving"],
  }
  for (const [text, shows] of Object.values(told)) expect(text).toContain(shows)
  const holds = ([, [text]]: readonly [string, readonly [string, string]]) =>
    passwords.some((password) => text.includes(password))
  expect(
    Object.entries(told)
      .filter(holds)
      .map(([where]) => where),
  ).toEqual([])
  // Of files, those have it that the lab's owner alone can read: what its BMCs are made from, and what is enrolled.
  const search = ["-rlF", "--exclude=disk.raw", "--exclude-dir=images", "--exclude-dir=registry", "-f", "-"]
  const files = execFileSync("grep", [...search, journey.state], { input: passwords.join("\n"), encoding: "utf8" })
  const { spec, hostsCsv } = labLayout({ state: journey.state, cache: "" }, journey.lab)
  expect(files.trim().split("\n").sort()).toEqual([hostsCsv, spec])
})

test("taking it down leaves what the provisioner knows, and of the lab no process, namespace, mount, container or file", async () => {
  expect(await journey.end()).toEqual([0, 0])
  expect(readdirSync(journey.state).sort()).toEqual([
    "access",
    "boot",
    "images",
    "images.lock",
    "key",
    "options",
    "registry",
    "run",
    "schemas",
    "site",
    "store.sqlite",
  ])
  // No socket that nobody answers on, and no key that nobody uses.
  expect(readdirSync(join(journey.state, "run"))).toEqual(["radvd.conf"])
  expect(existsSync(labLayout({ state: journey.state, cache: "" }, journey.lab).run)).toBe(false)
  const ours = (line: string) => line.includes(journey.state) || new RegExp(`\\b${journey.lab}\\b`).test(line)
  const lines = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8" }).split("\n")
  expect(lines("ip", "netns", "list").filter(ours)).toEqual([])
  expect(lines("ps", "-eo", "args").filter(ours)).toEqual([])
  expect(lines("cat", "/proc/self/mountinfo").filter(ours)).toEqual([])
  const engine = new Docker()
  const containers = (await engine.listContainers({ all: true })).flatMap(({ Names }) => Names)
  const { Volumes } = await engine.listVolumes()
  expect([...containers, ...Volumes.map(({ Name }) => Name)].filter(ours)).toEqual([])
})
