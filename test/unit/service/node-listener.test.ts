import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import http from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import Fastify, { type FastifyInstance } from "fastify"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { agentRoutes } from "../../../src/api/agent.ts"
import { desk } from "../../../src/conductor/desk.ts"
import { secretNames } from "../../../src/conductor/node-secrets.ts"
import { limits } from "../../../src/conductor/phases.ts"
import { netbootRoutes, netbootServerOptions } from "../../../src/netboot/routes.ts"
import { storePolicy } from "../../../src/netboot/store-policy.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import type { Store } from "../../../src/store/port.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { Secret } from "../../../src/util/secret.ts"
import { aNode, aPort } from "../store/records.ts"

const MAC = "52:54:00:00:00:11"
const UUID = "a8cb6624-0d9f-c882-affc-046ebb96ec01"
const TOKEN = "7e".repeat(32)
const IMAGE = "0123456789"

let folder: string
let store: Store
let server: FastifyInstance
/** What the listener took for a failure of its own. */
let failures: unknown[]

/** The listener on the provisioning network as the service makes it, with one node whose agent is at work. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "node-listener-"))
  for (const part of ["boot", "images"]) mkdirSync(join(folder, part))
  writeFileSync(join(folder, "boot/vmlinuz"), "kernel")
  writeFileSync(join(folder, "images/os.raw.zst"), IMAGE)
  store = await openMemoryStore()
  await store.nodes.insert(aNode({ uuid: UUID, name: "one", provision_state: "wait call-back" }))
  await store.ports.insert(aPort(UUID, MAC))
  for (const name of [secretNames.agentToken, secretNames.firstBootToken]) {
    await store.secrets.put(UUID, name, new Secret(TOKEN))
  }
  const onFailure = (error: unknown) => failures.push(error)
  server = Fastify(netbootServerOptions)
  await server.register(netbootRoutes, {
    ...{ policy: storePolicy(store, "discover"), store, paths: { state: folder, cache: folder }, clock: systemClock },
    ...{ baseUrl: "http://172.22.0.1:8080", kernelParameters: [], log: onFailure },
  })
  await server.register(agentRoutes, { conductor: desk({ store, limits }), onFailure })
  await server.listen({ host: "127.0.0.1", port: 0 })
})
beforeEach(() => {
  failures = []
})
afterAll(async () => {
  await server.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

/** The status of an answer to a request whose address goes out as it is: `inject` would tidy it up first. */
function statusOf(method: string, path: string): Promise<number> {
  const { port } = server.server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port, method, path, agent: false }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode!))
    })
    request.once("error", reject).end()
  })
}

/** Percent-encoding of any bytes: control characters, and what is no UTF-8. */
const escapes = fc.uint8Array({ maxLength: 4 }).map((bytes) => [...bytes].map((byte) => `%${hex(byte)}`).join(""))
const hex = (byte: number) => byte.toString(16).padStart(2, "0")
const words = fc.constantFrom(
  ...["boot.ipxe", "autoexec.ipxe", "boot/", "images/", "v1/", "lookup", "vmlinuz", "os.raw.zst", "/", "//", "..", "."],
  ...["%2e%2e", "%2f", "%", "%5c", "%E2%82%AC".repeat(90), "a".repeat(120), "\\", "constructor"],
)
const paths = fc.array(fc.oneof(words, escapes), { maxLength: 6 }).map((parts) => `/${parts.join("")}`)
const names = fc.constantFrom("mac", "firmware", "arch", "uuid", "addresses", "node_uuid", "__proto__")
const values = fc.oneof(
  fc.constantFrom(MAC, "52-54-00-00-00-11", "01-52-54-00-00-00-12", "efi", "uefi", "x86_64", "__proto__", UUID, "one"),
  escapes,
  fc.string({ maxLength: 8 }).map((text) => encodeURIComponent(text.toWellFormed())),
)
const queries = fc
  .array(fc.tuple(names, values), { maxLength: 5 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&"))

test("no address and no query makes the listener fail", async () => {
  const addresses = fc.tuple(fc.oneof(fc.constantFrom("/boot.ipxe", "/v1/lookup"), paths), queries)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("GET", "HEAD"), addresses, async (method, [path, query]) => {
      expect(await statusOf(method, `${path}?${query}`)).toBeLessThan(500)
    }),
    { numRuns: 1000 },
  )
  expect(failures).toEqual([])
})

test("whatever Range asks for, what comes is that part of the file, or all of it", async () => {
  const digits = fc.constantFrom("", "0", "3", "9", "10", "007", "99999999999999999999", "-1", "x")
  const ranges = fc.oneof(
    fc.tuple(digits, digits).map(([first, last]) => `bytes=${first}-${last}`),
    fc.string({ maxLength: 12 }).map((text) => `bytes=${text}`),
    fc.string({ maxLength: 12 }),
  )
  const tags = fc.option(fc.oneof(fc.constantFrom("*", 'W/"x"', '"'), fc.string({ maxLength: 6 })), { nil: undefined })
  await fc.assert(
    fc.asyncProperty(ranges, tags, tags, async (range, ifRange, ifNoneMatch) => {
      const given = { range, "if-range": ifRange, "if-none-match": ifNoneMatch }
      const headers = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
      const reply = await server.inject({ url: "/images/os.raw.zst", headers })
      const whole = { first: "0", last: String(IMAGE.length - 1) }
      const part = /^bytes (?<first>\d+)-(?<last>\d+)\/10$/.exec(String(reply.headers["content-range"]))?.groups
      const { first, last } = reply.statusCode === 206 ? part! : whole
      const body = [200, 206].includes(reply.statusCode) ? IMAGE.slice(Number(first), Number(last) + 1) : ""
      expect([200, 206, 304, 416]).toContain(reply.statusCode)
      expect(reply.body).toBe(body)
    }),
    { numRuns: 300 },
  )
})

test("no message of an agent or a first boot makes the listener fail, with the right token or without", async () => {
  const routes = fc.constantFrom(
    ...[`/v1/heartbeat/${UUID}`, `/v1/agent/${UUID}/progress`, `/v1/first-boot/${UUID}`],
    ...["/v1/heartbeat/%00", "/v1/agent/one/progress", "/v1/first-boot/__proto__"],
  )
  const value = fc.oneof(
    fc.constantFrom(TOKEN, "http://172.22.0.11:9999", "http://x:y@z/?q", "start", -0),
    fc.jsonValue({ maxDepth: 2 }),
    fc.dictionary(fc.constantFrom("toString", "toJSON", "valueOf", "constructor"), fc.jsonValue(), { maxKeys: 2 }),
  )
  // Complete more often than not, so that the messages get beyond the checks of the fields.
  const messages = fc.record(
    {
      callback_url: fc.oneof(fc.constant("http://172.22.0.11:9999"), value),
      agent_token: fc.oneof(fc.constant(TOKEN), value),
      token: fc.oneof(fc.constant(TOKEN), value),
      step: fc.oneof(fc.constant("write_image"), value),
      message: fc.oneof(fc.string(), value),
      done: fc.oneof(fc.double(), value),
      total: fc.oneof(fc.nat(), value),
      agent_version: value,
      agent_status: value,
      agent_status_message: value,
    },
    { requiredKeys: ["callback_url", "agent_token", "token", "step", "message", "done", "total"] },
  )
  const bodies = fc.oneof(
    { weight: 4, arbitrary: messages.map((message) => JSON.stringify(message)) },
    fc.json(),
    fc.string(),
    fc.constantFrom("", "null", '{"__proto__":{}}', `${"[".repeat(20_000)}${"]".repeat(20_000)}`, "x".repeat(70_000)),
  )
  const types = fc.constantFrom("application/json", "application/json", "text/plain", "application/x-nothing", "")
  await fc.assert(
    fc.asyncProperty(routes, bodies, types, async (url, payload, type) => {
      const headers = { "content-type": type }
      const { statusCode } = await server.inject({ method: "POST", url, headers, payload })
      expect(statusCode).toBeLessThan(500)
    }),
    { numRuns: 1000 },
  )
  expect(failures).toEqual([])
})

test("after all of that the node's own agent is still heard", async () => {
  const reply = await server.inject({
    ...{ method: "POST", url: `/v1/first-boot/${UUID}` },
    payload: { token: TOKEN },
  })
  expect(reply.statusCode).toBe(204)
  expect((await server.inject(`/boot.ipxe?mac=${MAC}`)).body).toContain("one starts the deploy ramdisk")
})
