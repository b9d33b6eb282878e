import { describe, expect, it } from "vitest"
import { bootstrapGraph } from "../../../src/deploy/bootstrap/graph.ts"
import type { DeployHost } from "../../../src/deploy/host.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import { defineService } from "../../../src/deploy/service.ts"
import { defaultSite } from "../../../src/deploy/site.ts"
import { runGraph } from "../../../src/graph/run.ts"
import type { ExecOptions, HostTransport } from "../../../src/transport/port.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"

const entry = { name: "h1", address: "192.0.2.1", port: 22, user: "root", hostKey: "", groups: ["compute"] }
const compute = defineService({
  ...{ name: "nova", summary: "", group: "compute" },
  containers: [
    {
      ...{ name: "nova_compute", image: "nova", command: () => "nova", healthy: () => ["true"] },
      kernel: () => ["tun", "openvswitch", "kvm"],
      sysctl: () => ({ "net.ipv4.ip_forward": "1", "fs.aio-max-nr": "1048576" }),
    },
  ],
})
const inventory = { hosts: [entry] }

/** A host of which only what the steps ask for is there; `runs` are the commands that changed it. */
function fakeHost({ engine = "running", apt = true, modules = ["tun"], kernel = ["openvswitch"] } = {}) {
  const files = new Map<string, string>([["/etc/hosts", "127.0.0.1 localhost\n"]])
  const settings: Record<string, string> = { "net.ipv4.ip_forward": "1", "fs.aio-max-nr": "65536" }
  const state = { engine, modules: [...modules], runs: [] as string[] }
  const set = (to: string): [number] => {
    state.engine = to
    return [0]
  }
  const answers: [RegExp, (command: string) => [number, string?]][] = [
    [/^sh -c command -v dockerd/, () => [state.engine === "absent" ? 1 : 0]],
    [/^systemctl start docker$/, () => set("running")],
    [/^sh -c command -v apt-get/, () => [0, apt ? "/usr/bin/apt-get\n" : ""]],
    [/apt-get .*install/, () => set("stopped")],
    [/^ls \/sys\/module/, () => [0, state.modules.join("\n")]],
    [/^test -e \/dev\/net\/tun/, () => [1]],
    [/^modprobe /, (command) => [kernel.includes(command.slice(9)) && state.modules.push(command.slice(9)) ? 0 : 1]],
    [/^sysctl -q -p/, () => [Object.assign(settings, { "fs.aio-max-nr": "1048576" }) && 0]],
    [
      /^sysctl /,
      () => [
        0,
        Object.entries(settings)
          .map(([key, value]) => `${key} = ${value}`)
          .join("\n"),
      ],
    ],
  ]
  const transport = {
    name: "h1",
    engine: {
      async version() {
        if (state.engine !== "running") throw new Error("no such socket")
      },
    },
    async exec(words: readonly string[], { accept = [] }: ExecOptions = {}) {
      const command = words.join(" ")
      if (/install|start docker|^modprobe|-p /.test(command)) state.runs.push(command.slice(0, 60))
      const [, answer] = answers.find(([pattern]) => pattern.test(command))!
      const [code, stdout = ""] = answer(command)
      if (code !== 0 && !accept.includes(code)) throw new Error(`exit ${code}`)
      return { code, stdout, stderr: code === 0 ? "" : "not found" }
    },
    readFile: async (path: string) =>
      files.has(path) ? { content: Buffer.from(files.get(path)!), mode: 0o644 } : undefined,
    writeFile: async (path: string, content: string) => void files.set(path, content),
    removeFile: async (path: string) => void files.delete(path),
  } as unknown as HostTransport
  const host = { entry, transport, touched() {} } as unknown as DeployHost
  const placement = new Placement([compute], inventory, defaultSite)
  const graph = () =>
    bootstrapGraph({
      placement,
      inventory,
      hosts: new Map([["h1", host]]),
      site: defaultSite,
      scope: {},
      registry: { address: "r:5000" },
    })
  const run = async () => (await runGraph(graph(), { clock, signal: new AbortController().signal })).steps
  return { files, state, run }
}

describe("bootstrap-servers", () => {
  it("leaves an engine that runs alone, puts settings in force, and has nothing to do the second time", async () => {
    const host = fakeHost()
    const steps = await host.run()
    expect(steps.map(({ id, status }) => `${id} ${status}`).sort()).toEqual([
      ...["h1/engine unchanged", "h1/modules changed", "h1/prepare changed", "h1/sysctl changed"],
    ])
    // kvm comes by itself where the processor has it.
    expect(host.files.get("/etc/modules-load.d/bifrost-ts.conf")).toMatch(/^#.*\nopenvswitch\ntun\n$/)
    expect(host.files.get("/etc/sysctl.d/90-bifrost-ts.conf")).toMatch(
      /\nfs.aio-max-nr = 1048576\nnet.ipv4.ip_forward = 1\n$/,
    )
    expect(host.state.runs.sort()).toEqual(["modprobe openvswitch", "sysctl -q -p /etc/sysctl.d/90-bifrost-ts.conf"])
    expect((await host.run()).every(({ status }) => status === "unchanged")).toBe(true)
  })

  it("installs an engine where none is, and starts one that does not run", async () => {
    const bare = fakeHost({ engine: "absent" })
    expect((await bare.run()).find(({ id }) => id === "h1/engine")).toMatchObject({ status: "changed" })
    expect(bare.state.engine).toBe("running")
    const stopped = fakeHost({ engine: "stopped" })
    await stopped.run()
    expect(stopped.state.runs.filter((command) => command.includes("install"))).toEqual([])
    expect(stopped.state.engine).toBe("running")
  })

  it("says where it cannot: no package manager that it knows, a kernel without a module", async () => {
    const failed = async (host: ReturnType<typeof fakeHost>) =>
      (await host.run()).filter(({ status }) => status === "failed").map(({ error }) => error)
    expect(await failed(fakeHost({ engine: "absent", apt: false }))).toMatchObject([
      { code: "ENGINE_NOT_INSTALLED", node: "h1" },
    ])
    expect(await failed(fakeHost({ kernel: [] }))).toMatchObject([
      { code: "MODULE_MISSING", remedy: expect.stringContaining("netdev") },
    ])
  })
})
