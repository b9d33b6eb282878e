import { describe, expect, test } from "vitest"
import type { PxeClient } from "../../../src/dhcp/values.ts"
import { recordSighting } from "../../../src/netboot/attribution.ts"
import { bootFileFor, recordExchange } from "../../../src/netboot/dhcp-boot.ts"
import { machineKind, parseMac } from "../../../src/netboot/machines.ts"
import type { BootQuestion } from "../../../src/netboot/policy.ts"
import { reservationsFrom } from "../../../src/netboot/reservations.ts"
import { storePolicy } from "../../../src/netboot/store-policy.ts"
import { type ProvisionState, transitions } from "../../../src/states/table.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import { aNode, aPort } from "../store/records.ts"

const MAC = "52:54:00:00:00:11"
const question: BootQuestion = { mac: MAC, arch: "x86_64", firmware: "bios" }
const client = (fields: Partial<PxeClient> = {}): PxeClient => ({
  arch: 0,
  uuid: undefined,
  vendorClass: "PXEClient:Arch:00000:UNDI:002001",
  userClasses: [],
  ipxe: undefined,
  ...fields,
})

async function storeWith(provision_state: ProvisionState, driver_internal_info = {}) {
  const store = await openMemoryStore()
  await store.nodes.insert(aNode({ uuid: "n1", name: "one", provision_state, driver_internal_info }))
  await store.ports.insert(aPort("n1", MAC))
  return store
}

describe("the boot policy", () => {
  /** Every state of the table, so that a new one is decided about here. */
  const expected: Record<ProvisionState, "ramdisk" | "disk"> = {
    enroll: "disk",
    verifying: "disk",
    manageable: "disk",
    available: "disk",
    deploying: "ramdisk",
    "wait call-back": "ramdisk",
    "deploy hold": "ramdisk",
    "deploy failed": "disk",
    active: "disk",
    deleting: "disk",
    error: "disk",
    cleaning: "ramdisk",
    "clean wait": "ramdisk",
    "clean hold": "ramdisk",
    "clean failed": "disk",
    inspecting: "ramdisk",
    "inspect wait": "ramdisk",
    "inspect failed": "disk",
    adopting: "disk",
    "adopt failed": "disk",
    rescuing: "ramdisk",
    "rescue wait": "ramdisk",
    rescue: "ramdisk",
    "rescue failed": "disk",
    unrescuing: "disk",
    "unrescue failed": "disk",
    servicing: "ramdisk",
    "service wait": "ramdisk",
    "service hold": "ramdisk",
    "service failed": "disk",
  }

  test.each(Object.keys(transitions) as ProvisionState[])("%s", async (state) => {
    const policy = storePolicy(await storeWith(state), "ignore")
    expect(await policy.bootFor(question)).toEqual({ boot: expected[state], node: { uuid: "n1", name: "one" } })
  })

  test("next_boot wins over the state", async () => {
    const policy = storePolicy(await storeWith("wait call-back", { next_boot: "disk" }), "ignore")
    expect(await policy.bootFor(question)).toMatchObject({ boot: "disk" })
  })

  test.each(["discover", "ignore"] as const)("unknown machines: %s", async (unknown) => {
    expect(await storePolicy(await openMemoryStore(), unknown).bootFor(question)).toEqual({ boot: unknown })
  })
})

describe("what DHCP names as boot file", () => {
  const about = async (unknown: "discover" | "ignore") => ({
    policy: storePolicy(await openMemoryStore(), unknown),
    address: "172.22.0.1",
    baseUrl: "http://172.22.0.1:8080",
  })
  const script = "http://172.22.0.1:8080/boot.ipxe?mac=52-54-00-00-00-11&firmware=uefi&arch=x86_64"

  test.each([
    ["BIOS firmware", client(), "undionly.kpxe"],
    ["a client that does not say", client({ arch: undefined }), "undionly.kpxe"],
    ["UEFI firmware", client({ arch: 7 }), "snponly.efi"],
    ["UEFI firmware that says 9", client({ arch: 9 }), "snponly.efi"],
    ["UEFI with 32 bits", client({ arch: 6 }), undefined],
    ["ARM", client({ arch: 11 }), undefined],
    ["an unknown kind", client({ arch: 500 }), undefined],
    ["iPXE", client({ arch: 7, ipxe: { http: true, version: "1.0.0" } }), script],
    ["iPXE without HTTP", client({ arch: 7, ipxe: { http: false, version: "1.0.0" } }), "snponly.efi"],
  ])("%s", async (_name, pxe, file) => {
    const answer = await bootFileFor({ mac: MAC, client: pxe }, await about("discover"))
    expect(answer?.file).toBe(file)
    expect(await bootFileFor({ mac: MAC, client: pxe }, await about("ignore"))).toBeUndefined()
  })

  test("a UUID goes along", async () => {
    const uuid = "34567812-3456-7812-3456-781234567812"
    const pxe = client({ arch: 7, uuid, ipxe: { http: true, version: undefined } })
    expect((await bootFileFor({ mac: MAC, client: pxe }, await about("discover")))?.file).toBe(`${script}&uuid=${uuid}`)
  })

  test("HTTP boot firmware (16) is left alone", () => {
    expect(machineKind({ arch: 16 })).toBeUndefined()
  })
})

describe("DHCP's events", () => {
  const exchange = { message: "discover", answer: "offer", address: "172.22.0.50", why: undefined } as const
  const rest = { relay: undefined, client: client(), file: "undionly.kpxe" }

  test("of an enrolled machine all are kept, under its node", async () => {
    const store = await storeWith("deploying")
    await recordExchange(store, { ...exchange, ...rest, mac: MAC })
    expect(await store.events.since(0)).toMatchObject([
      {
        kind: "netboot.dhcp",
        node_uuid: "n1",
        data: {
          mac: MAC,
          message: "discover",
          answer: "offer",
          client: "firmware",
          firmware: "bios",
          file: "undionly.kpxe",
        },
      },
    ])
  })

  test("what comes from the network cannot steer a terminal", async () => {
    const store = await openMemoryStore()
    await recordSighting(store, { kind: "netboot.loader", mac: undefined, data: { file: "a\x1b[2J\nb", bytes: 0 } })
    expect((await store.events.since(0))[0]?.data).toEqual({ mac: null, file: "a?[2J?b", bytes: 0 })
  })

  test("of others only what settles something", async () => {
    const store = await openMemoryStore()
    await recordExchange(store, { ...exchange, ...rest, mac: MAC })
    await recordExchange(store, { ...exchange, ...rest, mac: MAC, message: "request", answer: "ack" })
    const events = await store.events.since(0)
    expect(events).toMatchObject([{ node_uuid: null, data: { message: "request" } }])
  })
})

describe("reservations", () => {
  test("the first port that boots from the network gets the node's address", async () => {
    const store = await openMemoryStore()
    await store.nodes.insert(aNode({ uuid: "n1", extra: { ipv4_address: "172.22.0.11" } }))
    await store.nodes.insert(aNode({ uuid: "n2", extra: { ipv4_address: "not one" } }))
    const later = "2026-01-02T00:00:00.000Z"
    await store.ports.insert(aPort("n1", "02:00:00:00:00:03", { created_at: later }))
    await store.ports.insert(aPort("n1", "02:00:00:00:00:01", { pxe_enabled: false }))
    await store.ports.insert(aPort("n1", "02:00:00:00:00:02"))
    await store.ports.insert(aPort("n2", "02:00:00:00:00:04"))
    const reservations = await reservationsFrom(store)
    const macs = [1, 2, 3, 4].map((n) => reservations.addressOf(`02:00:00:00:00:0${n}`))
    expect(macs).toEqual([undefined, "172.22.0.11", undefined, undefined])
    expect(reservations.has("172.22.0.11")).toBe(true)
  })
})

test.each([
  ["52-54-00-00-00-1A", "52:54:00:00:00:1a"],
  ["01-52-54-00-00-00-1a", "52:54:00:00:00:1a"],
  ["52:54:00:00:00:1a", "52:54:00:00:00:1a"],
  ["52:54:00:00:00", undefined],
  ["52:54:00:00:00:zz", undefined],
  ["", undefined],
])("MAC %j", (text, mac) => {
  expect(parseMac(text)).toBe(mac)
})
