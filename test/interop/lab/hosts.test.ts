import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Docker from "dockerode"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { inventoryFrom } from "../../../src/deploy/inventory.ts"
import { findHost, inNamespace, labDown, labStatus, labUp } from "../../../src/lab/lab.ts"
import { namespaceExists } from "../../../src/lab/namespace.ts"
import { sitePublicKey } from "../../../src/service/site-key.ts"
import type { NodeRecord } from "../../../src/store/records.ts"
import type { Paths } from "../../../src/util/paths.ts"
import { run } from "../../../src/util/run.ts"
import { builtImages, docker } from "../deploy/container-host.ts"

const minutes = 60_000
const lab = `hosts-${process.pid}`
const state = mkdtempSync(join(tmpdir(), "bifrost-hosts-"))
const paths: Paths = { state, cache: join(state, "cache") }
const hostImage = async () => (await builtImages(["host"]))[0]!.reference
const hostNeeds = async () => ({ image: await hostImage(), authorizedKey: await sitePublicKey(paths) })
const up = (hosts?: number) => labUp(paths, lab, hosts ? { hosts } : {}, { hostNeeds })
const statusOf = async (name: string) => (await labStatus(paths, lab)).hosts.find((host) => host.name === name)!

/** From the lab's own place: whether something listens there. */
const reaches = (address: string, port: number) => {
  const [command = "", ...args] = inNamespace(lab, [
    "timeout",
    "3",
    "bash",
    "-c",
    `exec 3<>/dev/tcp/${address}/${port}`,
  ])
  return run(command, args).then(
    () => true,
    () => false,
  )
}

const inside = (name: string, command: string) =>
  run("docker", ["exec", `${lab}-${name}`, "sh", "-c", command]).then(({ stdout }) => stdout.trim())

interface Adoption {
  readonly outcomes: string[]
  readonly nodes: NodeRecord[]
}

async function adopt(csv: string): Promise<Adoption> {
  const file = join(state, "adopt.csv")
  writeFileSync(file, csv)
  const child = new URL("adopt-child.ts", import.meta.url).pathname
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", child, state, file]
  const [command = "", ...args] = inNamespace(lab, node)
  return JSON.parse((await run(command, args)).stdout)
}

beforeAll(() => up(2), 5 * minutes)
afterAll(async () => {
  await labDown(paths, lab).catch(() => {})
  rmSync(state, { recursive: true, force: true })
}, minutes)

describe("hosts of a lab", () => {
  it("are on its network, with names that they know themselves by, and need no BMC daemon", async () => {
    const status = await labStatus(paths, lab)
    expect(status).toMatchObject({ daemon: null, machines: [], network: "up" })
    expect(status.hosts).toMatchObject([
      { name: "host1", ip: "172.22.0.61", state: "running" },
      { name: "host2", ip: "172.22.0.62", state: "running" },
    ])
    expect(await reaches("172.22.0.61", 22)).toBe(true)
    expect(await inside("host2", "cat /sys/class/net/eth0/address; hostname")).toBe(`${status.hosts[1]!.mac}\nhost2`)
    expect(await inside("host2", "getent ahostsv4 host2 | head -1")).toMatch(/^172\.22\.0\.62\s/)
    // Another host's sshd, from this one.
    expect(await inside("host2", "timeout 3 bash -c 'read -r line < /dev/tcp/172.22.0.61/22; echo $line'")).toMatch(
      /^SSH-2/,
    )
  })

  it("have a second interface, whose addresses the lab reaches as the outside world", async () => {
    expect(await inside("host1", "ip -4 -o address show dev eth1")).toBe("")
    await inside("host1", "ip address add 172.24.4.50/24 dev eth1")
    expect(await reaches("172.24.4.50", 22)).toBe(true)
    expect(await reaches("172.24.4.51", 22)).toBe(false)
  })

  it("do what a node of the cloud does: containers share namespaces of the network, and make machines' taps", async () => {
    const { pid } = await statusOf("host1")
    const image = await hostImage()
    const engine = new Docker({ socketPath: `/proc/${pid}/root/run/docker.sock` })
    await engine.loadImage(await docker.getImage(image).get())
    const start = async (name: string, command: string) => {
      const container = await engine.createContainer({
        name,
        Image: image,
        Entrypoint: ["sh", "-ec"],
        Cmd: [command],
        HostConfig: {
          NetworkMode: "host",
          Binds: ["/run/netns:/run/netns:shared"],
          CapAdd: ["NET_ADMIN", "NET_RAW", "NET_BROADCAST", "SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"],
          SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
          MaskedPaths: [],
          ReadonlyPaths: [],
          Devices: [{ PathOnHost: "/dev/net/tun", PathInContainer: "/dev/net/tun", CgroupPermissions: "rwm" }],
        },
      })
      await container.start()
      const { StatusCode } = await container.wait()
      const said = (await container.logs({ stdout: true, stderr: true })).toString("latin1")
      return { StatusCode, said }
    }
    const first = await start(
      "agent",
      `ip netns add q1; ip netns exec q1 sysctl -w net.ipv4.ip_forward=1
       ip netns exec q1 iptables -t nat -A POSTROUTING -j MASQUERADE
       ip tuntap add tap9 mode tap; ip link set tap9 netns q1`,
    )
    expect(first).toMatchObject({ StatusCode: 0 })
    const second = await start("other", "ip netns exec q1 ip -o link show tap9; ip netns del q1")
    expect(second.said).toContain("tap9")
    expect(second.StatusCode).toBe(0)
    expect(await inside("host1", "ls /run/netns")).toBe("")
  })
})

describe("adoption", () => {
  it("refuses a host that shows another key, without showing it ours", async () => {
    const keys = [1, 2].map((n) => findHost(paths, lab, `host${n}`)!.host.sshHostKey.public)
    const csv = readFileSync((await labStatus(paths, lab)).hosts_csv, "utf8")
    const { nodes, outcomes } = await adopt(csv.replace(keys[0]!, keys[1]!))
    expect(nodes.map(({ name, provision_state }) => [name, provision_state])).toEqual([
      ["host1", "adopt failed"],
      ["host2", "active"],
    ])
    expect(outcomes).toEqual([expect.stringMatching(/host1: .*172\.22\.0\.61 shows another host key: SHA256:/), ""])
  })

  it("makes a node active once its host lets us in, and a host of the deployer's inventory", async () => {
    const { nodes, outcomes } = await adopt(readFileSync((await labStatus(paths, lab)).hosts_csv, "utf8"))
    expect(outcomes).toEqual(["", ""])
    expect(inventoryFrom(nodes).hosts).toMatchObject([
      { name: "host1", address: "172.22.0.61", groups: ["control", "network", "compute", "storage"] },
      { name: "host2", address: "172.22.0.62", groups: ["compute"] },
    ])
  })
})

describe("the lab with hosts", () => {
  it("is whole the second time, grows, and brings back what was stopped", async () => {
    expect((await up()).made).toEqual([])
    const { pid } = await statusOf("host2")
    await docker.getContainer(`${lab}-host1`).stop({ t: 1 })
    expect(await statusOf("host1")).toMatchObject({ state: "stopped", pid: null })
    const { made } = await up(3)
    expect(made).toEqual(
      expect.arrayContaining(["host1: started again, 172.22.0.61", "host3: a container with an engine, 172.22.0.63"]),
    )
    expect((await statusOf("host2")).pid).toBe(pid)
    expect(await reaches("172.22.0.61", 22)).toBe(true)
    expect(await reaches("172.22.0.63", 22)).toBe(true)
  })

  it("goes without a trace", async () => {
    const removed = await labDown(paths, lab)
    expect(removed).toEqual(expect.arrayContaining([`container ${lab}-host1`, `volume ${lab}-host3-docker`]))
    const filters = { label: [`io.bifrost-ts.lab=${lab}`] }
    expect(await docker.listContainers({ all: true, filters })).toEqual([])
    expect((await docker.listVolumes({ filters })).Volumes ?? []).toEqual([])
    expect(namespaceExists(lab)).toBe(false)
    expect(await labDown(paths, lab)).toEqual([])
  })
})
