import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { enroll } from "../../../src/enroll/enroll.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import type { Store } from "../../../src/store/port.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { aPort } from "../store/records.ts"

let store: Store
beforeEach(async () => {
  store = await openMemoryStore()
})
afterEach(() => store.close())

const header = "name,mac,bmc_address,bmc_user,bmc_password,groups,image,uuid\n"
const h0 = "h0,52:54:00:aa:00:01,10.0.0.11,admin,secret-0,control;network,,\n"
const h1 = "h1,52:54:00:aa:00:02,10.0.0.12,admin,secret-1,compute,,\n"

async function run(rows: string, dry_run = false) {
  const result = await enroll(store, systemClock, { filename: "hosts.csv", content: header + rows, dry_run })
  return "faults" in result ? { faults: result.faults } : { ...result.report, faults: [] }
}

async function everything() {
  const nodes = await store.nodes.list()
  const passwords = await Promise.all(
    nodes.map(async (node) => (await store.secrets.get(node.uuid, "ipmi_password"))?.reveal()),
  )
  return { nodes, passwords, ports: await store.ports.list(), events: await store.events.since(0) }
}

test("new nodes begin in enroll, with their ports and passwords", async () => {
  expect(await run(h0 + h1)).toMatchObject({ added: 2, changed: 0, unchanged: 0 })
  const { nodes, ports, passwords, events } = await everything()
  expect(nodes).toMatchObject([
    { name: "h0", provision_state: "enroll", groups: ["control", "network"], driver: "ipmi" },
    { name: "h1", driver_info: { ipmi_address: "10.0.0.12", ipmi_username: "admin" } },
  ])
  expect(ports.map((port) => [port.address, port.node_uuid])).toEqual([
    ["52:54:00:aa:00:01", nodes[0]?.uuid],
    ["52:54:00:aa:00:02", nodes[1]?.uuid],
  ])
  expect(passwords).toEqual(["secret-0", "secret-1"])
  expect(events.map((event) => event.kind)).toEqual(["enroll.added", "enroll.added"])
  expect(JSON.stringify([nodes, events])).not.toContain("secret-")
})

test.each([
  [
    "by its name",
    "name,mac,bmc_address,driver\nh0,52:54:00:aa:00:01,10.0.0.11,redfish\n",
    "one of ipmi, manual-management",
  ],
  [
    "by its columns",
    "name,mac,redfish_address\nh0,52:54:00:aa:00:01,https://10.0.0.11\n",
    "the driver ipmi or manual-management",
  ],
])("a driver that is not supported is refused: %s", async (_, content, expected) => {
  const result = await enroll(store, systemClock, { filename: "hosts.csv", content })
  expect(result).toEqual({ faults: [expect.objectContaining({ line: 2, expected })] })
  expect(await store.nodes.list()).toEqual([])
})

test("a second run finds everything unchanged and writes nothing", async () => {
  await run(h0 + h1)
  const before = await everything()
  expect(await run(h0 + h1)).toMatchObject({ added: 0, changed: 0, unchanged: 2 })
  expect(await everything()).toEqual(before)
})

test("changes are told field by field, passwords masked, and then applied", async () => {
  await run(h0 + h1)
  const after = `${h0}h1,52:54:00:aa:00:03,10.0.0.21,admin,secret-X,compute,debian-13,\n`
  const dry = await run(after, true)
  const before = await everything()
  expect(await everything()).toEqual(before)
  const done = await run(after)
  expect(done).toEqual({ ...dry, dry_run: false })
  expect(done).toMatchObject({ added: 0, changed: 1, unchanged: 1 })
  expect("nodes" in done && done.nodes[1]?.changes).toEqual([
    { field: "driver_info.ipmi_address", from: "10.0.0.12", to: "10.0.0.21" },
    { field: "instance_info.image_source", from: null, to: "debian-13" },
    { field: "driver_info.ipmi_password", from: "******", to: "******" },
    { field: "mac", from: ["52:54:00:aa:00:02"], to: ["52:54:00:aa:00:03"] },
  ])
  const { passwords, ports } = await everything()
  expect(passwords).toEqual(["secret-0", "secret-X"])
  expect(ports.map((port) => port.address)).toEqual(["52:54:00:aa:00:01", "52:54:00:aa:00:03"])
})

test("a dry run of a new file writes nothing", async () => {
  expect(await run(h0, true)).toMatchObject({ added: 1, dry_run: true })
  expect(await everything()).toEqual({ nodes: [], passwords: [], ports: [], events: [] })
})

test("columns left out remove nothing, and a port that others made stays", async () => {
  await run(h0)
  const [node] = await store.nodes.list()
  await store.ports.insert(aPort(node!.uuid, "52:54:00:bb:00:01"))
  const result = await enroll(store, systemClock, {
    filename: "x.yaml",
    content: "h0: {ipv4_address: 172.22.0.11, nics: [{mac: 525400aa0001}]}",
  })
  expect(result).toMatchObject({ report: { changed: 1 } })
  const { nodes, ports, passwords } = await everything()
  expect(nodes[0]).toMatchObject({ groups: ["control", "network"], extra: { ipv4_address: "172.22.0.11" } })
  expect(passwords).toEqual(["secret-0"])
  expect(ports).toHaveLength(2)
})

describe("nodes are matched", () => {
  test("by MAC when renamed, by uuid before name", async () => {
    await run(h0)
    expect(await run("renamed,52:54:00:aa:00:01,10.0.0.11,admin,secret-0,,,\n")).toMatchObject({ changed: 1, added: 0 })
    const [node] = await store.nodes.list()
    expect(node?.name).toBe("renamed")
    await run(`again,52:54:00:aa:00:09,10.0.0.11,admin,secret-0,,,${node?.uuid}\n`)
    expect(await store.nodes.list()).toMatchObject([{ uuid: node?.uuid, name: "again" }])
  })

  test("and may swap names, cards and BMCs within one file", async () => {
    await run(h0 + h1)
    const uuids = new Map((await store.nodes.list()).map((node) => [node.name, node.uuid]))
    const swapped = [
      `h1,52:54:00:aa:00:02,10.0.0.12,admin,x,,,${uuids.get("h0")}`,
      `h0,52:54:00:aa:00:01,10.0.0.11,admin,y,,,${uuids.get("h1")}\n`,
    ].join("\n")
    expect(await run(swapped)).toMatchObject({ changed: 2 })
    expect(await store.nodes.find("h1")).toMatchObject({
      uuid: uuids.get("h0"),
      driver_info: { ipmi_address: "10.0.0.12" },
    })
    expect((await store.nodes.findByMac("52:54:00:aa:00:02"))?.uuid).toBe(uuids.get("h0"))
  })
})

describe("faults leave the store as it was", () => {
  const whatOf = async (rows: string) =>
    (await run(rows)).faults.map(({ line, column, what }) => `${line}:${column} ${what}`)

  test("duplicates within the file name both places", async () => {
    const uuid = "a8cb6624-0d9f-c882-affc-046ebb96ec01"
    const rows = `h0,52:54:00:aa:00:01,10.0.0.11,a,b,,,${uuid}\nh0,52-54-00-AA-00-01,10.0.0.11,a,b,,,${uuid}\n`
    expect(await whatOf(rows)).toEqual([
      "3:1 name h0 is in use at line 2, column 1",
      "3:4 MAC 52:54:00:aa:00:01 is in use at line 2, column 4",
      "3:22 BMC 10.0.0.11:623 is in use at line 2, column 22",
      `3:38 uuid ${uuid} is in use at line 2, column 38`,
    ])
    expect(await store.nodes.list()).toEqual([])
  })

  test("duplicates against the store name the node", async () => {
    await run(h0)
    const before = await everything()
    const faults = await whatOf(`h7,52:54:00:aa:00:97,10.0.0.11,a,b,,,\n${h1}`)
    expect(faults).toEqual(["2:22 BMC 10.0.0.11:623 is in use at node h0 in the store"])
    expect(await everything()).toEqual(before)
  })

  test("a card of another stored node is refused", async () => {
    await run(h0 + h1)
    const faults = await whatOf("h1,52:54:00:aa:00:02;52:54:00:aa:00:01,10.0.0.12,admin,secret-1,,,\n")
    expect(faults).toEqual(["2:4 MAC 52:54:00:aa:00:01 is in use at node h0 in the store"])
  })

  test("a stored node with another uuid, and two lines for one node, are refused", async () => {
    await run(h0)
    const other = "a8cb6624-0d9f-c882-affc-046ebb96ec01"
    expect((await whatOf(h0.replace(/,\n$/, `,${other}\n`)))[0]).toMatch(
      /^2:64 h0 is in the store with uuid .*, and here with a8cb/,
    )
    const twice = `h0,52:54:00:aa:00:01,10.0.0.11,a,b,,,\n,52:54:00:aa:00:01,10.0.0.13,a,b,,,\n`
    expect((await whatOf(twice)).some((what) => what.includes("are one node in the store, h0"))).toBe(true)
  })

  test("a node whose BMC nobody names is refused", async () => {
    expect(await whatOf("h0,52:54:00:aa:00:01,,a,b,,,\n")).toEqual(["2:1 h0 has no BMC address"])
  })

  test("one bad line among good ones stores none", async () => {
    expect(await whatOf(`${h0}h1,nonsense,10.0.0.12,a,b,,,\n`)).toEqual(['3:4 MAC "nonsense"'])
    expect(await store.nodes.list()).toEqual([])
  })
})

describe("a server that is to be adopted", () => {
  const columns = "name,driver,groups,ip,ssh_host_key\n"
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKf6JgWYEkv0KcqDSv3sCHkmbFTg5ZbbJuJ3bkkZ0PDd"
  const bring = (rows: string) => enroll(store, systemClock, { filename: "hosts.csv", content: columns + rows })

  test("needs neither BMC nor MAC address", async () => {
    const rows = `s1,manual-management,control,10.0.0.21,${key} root@s1\ns2,manual,compute,10.0.0.22,10.0.0.22 ${key}\n`
    expect(await bring(rows)).toMatchObject({ report: { added: 2 } })
    const extra = (ip: string) => ({ ipv4_address: ip, ssh_host_key: key })
    expect((await everything()).nodes).toMatchObject([
      { name: "s1", driver: "manual-management", driver_info: {}, extra: extra("10.0.0.21") },
      { name: "s2", driver: "manual-management", extra: extra("10.0.0.22") },
    ])
    expect(await bring(rows)).toMatchObject({ report: { added: 0, changed: 0, unchanged: 2 } })
  })

  test.each([
    ["s1,manual-management,control,,\n", [/no ipv4_address/, /no ssh_host_key/]],
    ["s1,manual-management,control,10.0.0.21,ssh-ed25519 AAAA\n", [/ssh_host_key "ssh-ed25519 AAAA"/]],
    [`s1,manual-management,control,10.0.0.21,${key.replace("ssh-ed25519", "ssh-rsa")}\n`, [/ssh_host_key/]],
  ])("is refused with what is missing: %s", async (row, messages) => {
    const result = await bring(row)
    const faults = "faults" in result ? result.faults.map(({ what }) => what) : []
    expect(faults).toEqual(messages.map((message) => expect.stringMatching(message)))
    expect((await everything()).nodes).toEqual([])
  })
})
