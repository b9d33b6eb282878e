import { expect, test } from "vitest"
import { hostsCsv } from "../../../src/lab/hosts-csv.ts"
import { extendLab, parseSize, planLab } from "../../../src/lab/spec.ts"

test("a lab has names, addresses and hardware by position, and identities of its own", () => {
  const spec = planLab("lab-a", { nodes: 3, firmware: "mixed", memory: "1536M", cpus: 1, disk: "2G" })
  expect(spec.machines).toMatchObject([
    { name: "node1", ip: "172.22.0.11", firmware: "bios", memoryMb: 1536, cpus: 1, diskBytes: 2 * 2 ** 30 },
    { name: "node2", ip: "172.22.0.12", firmware: "uefi", bmc: { address: "172.22.0.102", port: 623 } },
    { name: "node3", ip: "172.22.0.13", firmware: "bios" },
  ])
  const again = planLab("lab-a", { nodes: 3 })
  const identities = [...spec.machines, ...again.machines]
  expect(new Set(identities.map((machine) => machine.uuid)).size).toBe(6)
  expect(new Set(identities.map((machine) => machine.bmc.password)).size).toBe(6)
  // The same lab made again has the same cards; another lab beside it has others.
  const macs = spec.machines.map((machine) => machine.mac)
  expect(again.machines.map((machine) => machine.mac)).toEqual(macs)
  expect(new Set([...macs, ...planLab("lab-b", { nodes: 3 }).machines.map((machine) => machine.mac)]).size).toBe(6)
  for (const mac of macs) expect(mac).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/)
})

test("a BMC password fits the 20 bytes that IPMI 2.0 has room for", () => {
  for (const { bmc } of planLab("lab-a", { nodes: 20 }).machines) {
    expect(bmc.password.length).toBeGreaterThanOrEqual(16)
    expect(bmc.password.length).toBeLessThanOrEqual(20)
  }
})

test("an existing lab grows by machines like the first and keeps every identity", () => {
  const spec = planLab("lab-a", { nodes: 1, firmware: "uefi", memory: "1G" })
  const grown = extendLab(spec, { nodes: 2 })
  expect(grown.machines[0]).toBe(spec.machines[0])
  expect(grown.machines[1]).toMatchObject({ name: "node2", firmware: "uefi", memoryMb: 1024 })
  expect(extendLab(grown, {}).machines).toEqual(grown.machines)
  expect(extendLab(grown, { memory: "1024M", firmware: "uefi" }).machines).toEqual(grown.machines)
})

test.each([
  [{ nodes: 1 }, /2 machines, not 1/],
  [{ memory: "4G" }, /node1 has memoryMb 2048, not 4096.*node2/],
  [{ firmware: "mixed" as const }, /node2 has firmware bios, not uefi/],
])("a lab is never changed under its machines: %j", (options, message) => {
  expect(() => extendLab(planLab("lab-a", { nodes: 2 }), options)).toThrow(
    expect.objectContaining({ code: "LAB_DIFFERS", message: expect.stringMatching(message) }),
  )
})

test.each([
  ["lab name", () => planLab("../etc", {})],
  ["nodes", () => planLab("lab", { nodes: 0 })],
  ["nodes", () => planLab("lab", { nodes: 51 })],
  ["hosts", () => planLab("lab", { hosts: 0 })],
  ["hosts", () => planLab("lab", { hosts: 41 })],
  ["memory", () => planLab("lab", { memory: "lots" })],
  ["disk", () => planLab("lab", { disk: "12" })],
  ["disk", () => planLab("lab", { disk: "-1G" })],
  ["firmware", () => planLab("lab", { firmware: "coreboot" as "bios" })],
])("a value that cannot be used is refused: %s", (_, plan) => {
  expect(plan).toThrow(expect.objectContaining({ code: "LAB_BAD_OPTION" }))
})

test("sizes", () => {
  expect(["512M", "12G", "1t", "2GiB", "3MB"].map((text) => parseSize("--disk", text))).toEqual([
    512 * 2 ** 20,
    12 * 2 ** 30,
    2 ** 40,
    2 * 2 ** 30,
    3 * 2 ** 20,
  ])
})

test("hosts.csv is what enroll reads", () => {
  const spec = planLab("lab-a", { nodes: 2 })
  const [one, two] = spec.machines
  expect(hostsCsv(spec)).toBe(
    [
      "name,mac,bmc_address,bmc_port,bmc_user,bmc_password,driver,groups,ip,ssh_host_key",
      `node1,${one!.mac},172.22.0.101,623,admin,${one!.bmc.password},ipmi,control;network;compute;storage,172.22.0.11,`,
      `node2,${two!.mac},172.22.0.102,623,admin,${two!.bmc.password},ipmi,compute,172.22.0.12,`,
      "",
    ].join("\n"),
  )
})

test("hosts are alone unless machines are asked for, and follow them in hosts.csv, to be adopted", () => {
  expect(planLab("lab-a", { hosts: 2 }).machines).toEqual([])
  const spec = planLab("lab-a", { nodes: 1, hosts: 2 })
  expect(spec.hosts).toMatchObject([
    { name: "host1", ip: "172.22.0.61" },
    { name: "host2", ip: "172.22.0.62" },
  ])
  const [, node, one] = hostsCsv(spec).split("\n")
  expect(node).toContain("control;network;compute;storage")
  const { mac, sshHostKey } = spec.hosts[0]!
  expect(one).toBe(`host1,${mac},,,,,manual-management,compute,172.22.0.61,${sshHostKey.public}`)
  expect(one).toMatch(/,ssh-ed25519 AAAA\S+ host1$/)
  expect(hostsCsv(planLab("lab-a", { hosts: 1 }))).toContain(
    ",control;network;compute;storage,172.22.0.61,ssh-ed25519 ",
  )
})

test("a lab grows by hosts and keeps those it has", () => {
  const spec = planLab("lab-a", { hosts: 1 })
  const grown = extendLab(spec, { hosts: 2 })
  expect(grown.hosts[0]).toBe(spec.hosts[0])
  expect(grown.hosts).toHaveLength(2)
  expect(extendLab(grown, {})).toEqual(grown)
  expect(extendLab(spec, { nodes: 1 })).toMatchObject({ machines: [{ name: "node1" }], hosts: [{ name: "host1" }] })
  expect(() => extendLab(grown, { hosts: 1 })).toThrow(expect.objectContaining({ code: "LAB_DIFFERS" }))
})
