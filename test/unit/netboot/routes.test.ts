import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import http from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Fastify, { type FastifyInstance } from "fastify"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { matchesTag, parseRange } from "../../../src/netboot/ranges.ts"
import { netbootRoutes, netbootServerOptions } from "../../../src/netboot/routes.ts"
import { storePolicy } from "../../../src/netboot/store-policy.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import type { Store } from "../../../src/store/port.ts"
import type { EventRecord } from "../../../src/store/records.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { aNode, aPort } from "../store/records.ts"

const MAC = "52:54:00:00:00:11"
let folder: string
let store: Store
let server: FastifyInstance
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "routes-test-"))
  for (const part of ["boot/below", "images"]) mkdirSync(join(folder, part), { recursive: true })
  writeFileSync(join(folder, "key"), "secret")
  writeFileSync(join(folder, "boot/vmlinuz"), "kernel")
  writeFileSync(join(folder, "boot/below/x"), "x")
  symlinkSync("../key", join(folder, "boot/link"))
  writeFileSync(join(folder, "images/a.raw.zst"), "0123456789")
  writeFileSync(join(folder, "images/a.json"), "{}")
  writeFileSync(join(folder, "images/.a.raw.zst.part"), "0123")
  writeFileSync(join(folder, "images/empty"), "")
  store = await openMemoryStore()
  await store.nodes.insert(aNode({ uuid: "n1", name: "one", provision_state: "cleaning" }))
  await store.ports.insert(aPort("n1", MAC))
  const expires_at = Date.now() + 60_000
  await store.leases.put({
    address: "127.0.0.1",
    mac: MAC,
    client_id: null,
    hostname: null,
    state: "bound",
    expires_at,
  })
  server = Fastify(netbootServerOptions)
  await server.register(netbootRoutes, {
    policy: storePolicy(store, "ignore"),
    store,
    paths: { state: folder, cache: folder },
    clock: systemClock,
    baseUrl: "http://172.22.0.1:8080",
    kernelParameters: [],
    log: (line) => expect.unreachable(line),
  })
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const get = (url: string, headers: Record<string, string> = {}) => server.inject({ method: "GET", url, headers })
const nextEvent = () =>
  new Promise<EventRecord>((resolve) => {
    const end = store.events.subscribe((event) => {
      end()
      resolve(event)
    })
  })

describe("scripts", () => {
  test("of an enrolled machine", async () => {
    const reply = await get("/boot.ipxe?mac=52-54-00-00-00-11&firmware=efi&arch=x86_64&uuid=nonsense")
    expect(reply).toMatchObject({ statusCode: 200 })
    expect(reply.headers).toMatchObject({ "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
    expect(reply.body).toContain("one starts the deploy ramdisk")
    expect(reply.body).toContain("&firmware=uefi&arch=x86_64 || goto again")
    expect(await store.events.since(0)).toMatchObject([
      { kind: "netboot.script", node_uuid: "n1", data: { mac: MAC, boot: "ramdisk", firmware: "uefi", uuid: null } },
    ])
  })

  test("HEAD tells nobody anything", async () => {
    const reply = await server.inject({ method: "HEAD", url: "/boot.ipxe?mac=52-54-00-00-00-11" })
    expect(reply).toMatchObject({ statusCode: 200, body: "" })
    expect(await store.events.since(0)).toEqual([])
  })

  test.each([
    ["/boot.ipxe", 400],
    ["/boot.ipxe?mac=x", 400],
    ["/boot.ipxe?mac=52-54-00-00-00-99", 404],
  ])("%s: %i", async (url, status) => {
    expect((await get(url)).statusCode).toBe(status)
  })

  test.each(["/autoexec.ipxe", "//boot//autoexec.ipxe"])("%s is the stub", async (url) => {
    const { body } = await get(url)
    expect(body).toMatch(/^#!ipxe\n/)
    const chained = "http://172.22.0.1:8080/boot.ipxe?mac=@{netX/mac:hexhyp}&firmware=@{platform}&arch=@{buildarch}"
    expect(body.replaceAll("$", "@")).toContain(`chain --replace ${chained}\n`)
  })
})

describe("files", () => {
  test("whole, with // in the address, attributed by address and lease", async () => {
    const event = nextEvent()
    const base = await server.listen({ host: "127.0.0.1", port: 0 })
    const reply = await fetch(`${base}//boot//vmlinuz`)
    expect(await reply.text()).toBe("kernel")
    expect(reply.headers.get("content-length")).toBe("6")
    expect(reply.headers.get("accept-ranges")).toBe("bytes")
    expect(await event).toMatchObject({
      kind: "netboot.kernel",
      node_uuid: "n1",
      data: { mac: MAC, file: "vmlinuz", bytes: 6, size: 6, complete: true, address: "127.0.0.1" },
    })
  })

  test("HEAD", async () => {
    const reply = await server.inject({ method: "HEAD", url: "/images/a.raw.zst" })
    expect(reply).toMatchObject({ statusCode: 200, body: "" })
    expect(reply.headers["content-length"]).toBe("10")
  })

  test.each([
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=8-", 206, "89", "bytes 8-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=0-1,3-4", 200, "0123456789", undefined],
    ["lines=1-2", 200, "0123456789", undefined],
  ])("range %s", async (range, status, body, contentRange) => {
    const reply = await get("/images/a.raw.zst", { range })
    expect(reply).toMatchObject({ statusCode: status, body })
    expect(reply.headers["content-range"]).toBe(contentRange)
  })

  test("entity tags: not modified, and a range of what was replaced", async () => {
    const { etag } = (await get("/images/a.raw.zst")).headers
    expect((await get("/images/a.raw.zst", { "if-none-match": String(etag) })).statusCode).toBe(304)
    writeFileSync(join(folder, "images/a.raw.zst"), "new content")
    expect((await get("/images/a.raw.zst", { "if-none-match": String(etag) })).statusCode).toBe(200)
    const reply = await get("/images/a.raw.zst", { range: "bytes=2-4", "if-range": String(etag) })
    expect(reply).toMatchObject({ statusCode: 200, body: "new content" })
  })

  test("an empty file", async () => {
    expect(await get("/images/empty")).toMatchObject({ statusCode: 200, body: "" })
  })

  test.each([
    "/boot/absent",
    "/boot/below",
    "/boot/below%2Fx",
    "/boot/link",
    "/boot/..%2Fkey",
    "/boot/%2e%2e/key",
    "/boot/..%5Ckey",
    "/boot/vmlinuz%00",
    "/images/.a.raw.zst.part",
    "/images/",
  ])("%s is not there", async (url) => {
    const reply = await get(url)
    expect(reply.statusCode).toBe(404)
    expect(reply.body).not.toContain("secret")
  })

  test("a transfer that breaks off says how far it came", async () => {
    writeFileSync(join(folder, "images/big"), Buffer.alloc(64 << 20))
    const base = await server.listen({ host: "127.0.0.1", port: 0 })
    const event = nextEvent()
    const request = http.get(`${base}/images/big`, (response) => response.once("data", () => request.destroy()))
    request.on("error", () => {})
    const { data } = await event
    expect(data).toMatchObject({ file: "big", size: 64 << 20, complete: false })
    expect(data["bytes"]).toBeLessThan(64 << 20)
  })

  test("reading an image's description is no event", async () => {
    expect((await get("/images/a.json")).headers["content-type"]).toContain("application/json")
    const event = nextEvent()
    await get("/images/a.raw.zst")
    expect(await event).toMatchObject({ id: 1, kind: "netboot.image", data: { file: "a.raw.zst" } })
  })
})

test("ranges of an empty file", () => {
  expect(parseRange("bytes=0-", 0)).toBe("unsatisfiable")
  expect(parseRange("bytes=-1", 0)).toBe("unsatisfiable")
  expect(parseRange("bytes=4-2", 9)).toBeUndefined()
  expect(parseRange("bytes=-", 9)).toBeUndefined()
})

test("entity tags", () => {
  expect(matchesTag('"x", W/"a"', '"a"')).toBe(true)
  expect(matchesTag("*", '"a"')).toBe(true)
  expect(matchesTag('"x"', '"a"')).toBe(false)
})
