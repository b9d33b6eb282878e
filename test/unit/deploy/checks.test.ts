import { describe, expect, it } from "vitest"
import { services } from "../../../services/index.ts"
import { containerFindings } from "../../../src/deploy/checks/containers.ts"
import { endpointChecks } from "../../../src/deploy/checks/endpoints.ts"
import { checkResult } from "../../../src/deploy/checks/finding.ts"
import { hostFindings } from "../../../src/deploy/checks/host.ts"
import { providerChecks } from "../../../src/deploy/checks/provider.ts"
import { surveyFrom } from "../../../src/deploy/checks/survey.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import { resolveSite } from "../../../src/deploy/site.ts"
import { Secret } from "../../../src/util/secret.ts"

const host = { name: "cmp1", address: "192.0.2.1", port: 22, user: "root", hostKey: "", groups: [] }
const now = 1_700_000_000_000
const said = (sections: Record<string, string> = {}) =>
  Object.entries({
    ...{ system: "debian 13", kernel: "6.12.0", hostname: "cmp1.example.org", clock: String(now + 40) },
    ...{ synchronized: "yes", disk: "52428800", memory: "8388608", cgroup: "cgroup2fs" },
    modules: "bridge\ntun",
    listeners: 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=7,fd=3))\nLISTEN 0 5 [::1]:3306 [::]:*',
    registry: "yes",
    ...sections,
  })
    .map(([name, text]) => `\n@${name}\n${text}\n`)
    .join("")
const needs = { host, kernel: new Map(), ports: new Map(), registry: "10.0.0.1:5000" }
const found = (sections: Record<string, string> = {}, more = {}) =>
  hostFindings(surveyFrom(said(sections), now, now + 100), { ...needs, ...more })
const bad = (...args: Parameters<typeof found>) => found(...args).filter(({ status }) => status !== "ok")

describe("a host's survey", () => {
  it("is well when it is", () => {
    expect(bad()).toEqual([])
    expect(found().map(({ check }) => check)).toEqual([
      "system",
      "cgroups",
      "disk",
      "memory",
      "clock",
      "name",
      "registry",
    ])
  })

  it.each([
    [{ system: "alpine 3.22" }, "warning system: alpine 3.22"],
    [{ cgroup: "tmpfs" }, "warning cgroups: version 1"],
    [{ disk: "1048576" }, "failed disk: 1.0 GB free for images, at least 5.0 GB are needed"],
    [{ memory: "3145728" }, "warning memory: 3.0 GB of memory, 3.8 GB are better"],
    [{ clock: String(now - 60_000) }, "failed clock: 60.0 s from this machine's"],
    [{ clock: String(now + 2100) }, "warning clock: 2.0 s from this machine's, synchronized"],
    [{ synchronized: "no" }, "warning clock: 0.0 s from this machine's, not synchronized"],
    [{ hostname: "debian" }, "warning name: the host calls itself debian"],
    [{ registry: "" }, "failed registry: 10.0.0.1:5000 cannot be reached"],
  ])("tells of %o, and what to do", (sections, expected) => {
    expect(bad(sections).map(({ status, check, detail }) => `${status} ${check}: ${detail}`)).toEqual([expected])
    expect(bad(sections)[0]!.remedy).toMatch(/\.$|hostnamectl/)
  })

  it("names who has a port that a service needs", () => {
    const ports = new Map([
      [22, "nova_ssh"],
      [3306, "mariadb"],
      [5000, "keystone"],
    ])
    expect(found({}, { ports }).slice(-3)).toMatchObject([
      { check: "port 22", status: "failed", detail: "taken by sshd (pid 7); nova_ssh needs it" },
      { check: "port 3306", status: "failed", detail: "taken by someone; mariadb needs it" },
      { check: "port 5000", status: "ok" },
    ])
  })

  it("names what the kernel lacks, for whom, and the other way", () => {
    const kernel = new Map([
      ["tun", ["nova_compute"]],
      ["openvswitch", ["openvswitch_vswitchd", "neutron_ovn_metadata_agent"]],
    ])
    const [finding] = bad({}, { kernel })
    expect(finding).toMatchObject({ check: "kernel openvswitch", status: "failed" })
    expect(finding!.detail).toContain("kernel 6.12.0 has no openvswitch, which openvswitch_vswitchd, neutron_ovn")
    expect(finding!.remedy).toContain("netdev")
  })
})

it("takes a container that runs and is healthy for well, and a task that ended well", () => {
  const unit = {
    host: "h",
    service: "s",
    container: "c",
    task: false,
    state: "running",
    health: "healthy",
    status: "Up",
  }
  const findings = containerFindings([
    unit,
    { ...unit, health: null },
    { ...unit, health: "starting" },
    { ...unit, health: "unhealthy" },
    { ...unit, state: "absent", health: null, status: "" },
    { ...unit, task: true, state: "exited", health: null, status: "Exited (0) 2 hours ago" },
    { ...unit, task: true, state: "exited", health: null, status: "Exited (1) 2 hours ago" },
  ])
  const statuses = ["ok", "ok", "warning", "failed", "failed", "ok", "failed"]
  expect(findings.map(({ status }) => status)).toEqual(statuses)
  expect(checkResult(findings)).toMatchObject({ failed: 3, warnings: 1 })
})

describe("the interfaces of provider networks", () => {
  const interfaces = [
    { name: "lo", addresses: ["127.0.0.1"] },
    { name: "eth0", addresses: [host.address] },
    { name: "eth1", addresses: [] },
    { name: "bond0", addresses: [] },
  ]
  const on = (name?: string) => ({ networks: { provider: { physnet1: { bridge: "br-ex", interface: name } } } })
  const checked = (file: object) => providerChecks(host, interfaces, resolveSite(file))

  it("are well when they are there, or when there are none", () => {
    expect(checked(on("bond0"))).toEqual([
      { host: "cmp1", check: "network provider physnet1", status: "ok", detail: "bond0", remedy: null },
    ])
    expect(checked({})).toEqual([])
  })

  it("are told of where they are not, with those that are, and never for the host's own way in", () => {
    const [finding] = checked(on("eth9"))
    expect(finding).toMatchObject({ host: "cmp1", check: "network provider physnet1", status: "failed" })
    expect(finding!.detail).toBe('there is no eth9, did you mean "eth1"? it has lo, eth0, eth1, bond0')
    expect(finding!.remedy).toContain("networks.provider")
    expect(checked(on("wlan-uplink"))[0]!.detail).toBe("there is no wlan-uplink; it has lo, eth0, eth1, bond0")
  })

  it("are a host's own where the site says so", () => {
    expect(checked({ ...on("eth9"), hosts: { cmp1: on("eth1") } })[0]!.status).toBe("ok")
  })
})

it("asks each API in the catalog what takes its database, and Heat's CloudFormation API what needs no signature", async () => {
  const placement = new Placement(services, { hosts: [host] }, resolveSite({}))
  const entries = placement.services.flatMap(({ catalog = [] }) => catalog)
  const catalog = entries.map(({ type, port, path = "" }) => ({
    type,
    endpoints: [{ interface: "public", url: `http://192.0.2.1:${port}${path.replace("%(project_id)s", "p1")}` }],
  }))
  const asked: string[] = []
  const answer: typeof fetch = async (where, { method = "GET" } = {}) => {
    if (method === "POST")
      return Response.json({ token: { catalog } }, { status: 201, headers: { "x-subject-token": "t1" } })
    asked.push(String(where))
    return new Response()
  }
  const [url, password, signal] = ["http://192.0.2.1:5000", new Secret("p"), new AbortController().signal]
  const findings = await endpointChecks({ placement, url, password, signal, fetch: answer })
  expect(findings.filter(({ status }) => status !== "ok")).toEqual([])
  expect(asked.sort()).toEqual([
    "http://192.0.2.1:5000/v3/projects",
    "http://192.0.2.1:8000/",
    "http://192.0.2.1:8004/v1/p1/stacks?limit=1",
    "http://192.0.2.1:8774/v2.1/flavors?limit=1",
    "http://192.0.2.1:8776/v3/p1/volumes?limit=1",
    "http://192.0.2.1:8780/resource_providers",
    "http://192.0.2.1:9292/v2/images?limit=1",
    "http://192.0.2.1:9696/v2.0/networks?limit=1",
  ])
})
